"""The figures as people read them: a table on the terminal, and the benchmark's page from all result files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["rows_of", "write_page"]

INTRO = """\
# Economy: what a verified conversation costs, arm by arm

Written by `run_economy.py` from the `results_*.json` beside it; do not edit. Run it again with

    python benchmarks/economy/run_economy.py --teacher smollm2-135m-instruct --scenarios 14 --out runs/economy

The arms share teacher, domain, seed and scenarios. `naive`: one prompt asks for several conversations, which are
taken as they come. `fill`: a blueprint is executed first, the model writes its words. `interplay`: the model plays
user and assistant in turn, tools run in the world. `fill+council`: drafts of `fill` are debated and mended.

How to read it: a conversation is *defective* when a deterministic check finds anything worse than a note; all checks
are run to the end on every conversation that was simulated, those of earlier tries too. Where the blueprint is not
followed by design (naive), see *no blueprint needed*: form, calls, labels, language, roles, repetition, secrets. The
checks see form, calls, values and policy; they do not see whether a line is dull or unkind. Costs count everything
that was paid, rejects included. Brackets are 95 % bootstrap intervals over conversations (those of one naive prompt
are drawn together); where none or all count, the exact bound stands instead, each prompt counted once. `-` stands
where there is nothing to divide by; an upper end is left out where too many resamples had none admitted.
"""
RATIOS = (
    "no conversation", "defective", "defective at the first try", "defective, no blueprint needed",
    "defects a conversation", "admitted share", "calls per admitted", "prompt tokens per admitted",
    "completion tokens per admitted", "nearest neighbour", "template words",
)  # fmt: skip
SHARES = {"no conversation", "defective", "defective at the first try", "defective, no blueprint needed",
          "admitted share", "template words"}  # fmt: skip
PLAIN = ("model seconds per admitted", "wall seconds per admitted", "model seconds", "wall seconds", "text turns")
COUNCIL = ("councils", "rounds", "raised", "objections", "conceded", "rebutted", "unreadable", "overruled", "lapsed",
           "revisions", "conversations changed", "defects before", "defects after", "clean before",
           "clean after")  # fmt: skip
COUNCIL_TABLES = ("dismissed", "refused", "ruled", "by defect", "classes gone", "classes come", "endings")
MOST_CLASSES = 14


def rows_of(result: Mapping[str, Any]) -> list[list[str]]:
    """The comparison table: a row a figure, a column an arm; the first row is the heading."""
    arms: Mapping[str, Any] = result["arms"]
    rows = [["", *arms]]
    rows.append(["scenarios / simulated / admitted", *(_counts(arm) for arm in arms.values())])
    rows += [[name, *(_ratio(arm[name], name in SHARES) for arm in arms.values())] for name in RATIOS]
    rows += [[name, *("-" if arm[name] is None else f"{arm[name]:,.1f}" for arm in arms.values())] for name in PLAIN]
    distinct = result["distinct bigrams"]
    shown = (f"{distinct['shares'][arm]:.3f}" if arm in distinct["shares"] else "-" for arm in arms)
    rows.append([f"distinct word pairs in {distinct['words']:,} words", *shown])
    return rows


def _counts(arm: Mapping[str, Any]) -> str:
    return f"{arm['scenarios']} / {arm['simulated']} / {arm['admitted']}"


def _ratio(figure: Mapping[str, Any], share: bool) -> str:
    if figure["value"] is None:
        return "-"
    ends = (figure["value"], figure["low"], figure["high"])
    value, low, high = ("" if end is None else f"{end:.0%}" if share else f"{end:,.2f}" for end in ends)
    if not share and figure["value"] >= 100:
        value, low, high = ("" if end is None else f"{end:,.0f}" for end in ends)
    return f"{value} [{low}, {high}]"


def write_page(folder: Path) -> Path:
    """Render README.md from every result file of the folder."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("results_*.json"))]
    path = folder / "README.md"
    mended = [json.loads(each.read_text(encoding="utf-8")) for each in sorted(folder.glob("mending_*.json"))]
    parts = [part for result in results for part in _section(result)]
    parts += [part for result in mended for part in _mending(result)]
    path.write_text("\n".join([INTRO, *parts]), encoding="utf-8")
    return path


def _mending(result: Mapping[str, Any]) -> list[str]:
    """What became of planted defects in a debate (`mending.py`)."""
    rows = [["class", "planted", "objected to", "by its name", "mended", "other turns changed", "tokens each"]]
    for defect in dict.fromkeys(row["defect"] for row in result["rows"]):
        of = [row for row in result["rows"] if row["defect"] == defect]
        counts = [sum(row[key] for row in of) for key in ("objected", "named", "mended", "harmed")]
        tokens = sum(row["tokens"] for row in of) // len(of)
        rows.append([defect, str(len(of)), *map(str, counts), f"{tokens:,}"])
    again = result["tokens_of_another_simulation"]
    mean = sum(again) // max(1, len(again))
    told = f"Another simulation of the same blueprints cost {mean:,} tokens (n = {len(again)})."
    return [f"## Mending planted defects: {result['teacher']}", "", *_table(rows), "", told, ""]


def _section(result: Mapping[str, Any]) -> list[str]:
    setting = result["setting"]
    told = ", ".join(f"{name} {value}" for name, value in setting.items() if value not in (None, "", []))
    parts = [f"## {setting['teacher']}", "", told + ".", "", *_table(rows_of(result)), ""]
    if len({figures["concluded"] for figures in result["arms"].values()}) > 1:
        parts += [
            "Not every arm came to the end of its scenarios in its time: the first row says how far each came.",
            "",
        ]
    parts += ["Share of the conversations that have a defect of a class:", "", *_table(_classes(result["arms"])), ""]
    reasons = [f"- `{arm}`: {_listed(figures['rejected for'])}" for arm, figures in result["arms"].items()]
    parts += ["Scenarios that were turned down, by stage and reason:", "", *reasons, ""]
    return [*parts, *(["### The council", "", *_council(result)] if result.get("council") else [])]


def _classes(arms: Mapping[str, Any]) -> list[list[str]]:
    most: dict[str, float] = {}
    for figures in arms.values():
        for kind, share in figures["classes"].items():
            most[kind] = max(share, most.get(kind, 0.0))
    kinds = sorted(most, key=lambda kind: (-most[kind], kind))[:MOST_CLASSES]
    return [["", *arms]] + [[kind, *(f"{arm['classes'].get(kind, 0):.0%}" for arm in arms.values())] for kind in kinds]


def _council(result: Mapping[str, Any]) -> list[str]:
    council, paired = result["council"], result.get("paired")
    rows = [["", "count"], *([name, f"{council[name]:,}"] for name in COUNCIL)]
    rows.append(["tokens in it", f"{_tokens(council['usage']):,}"])
    lines = [*_table(rows), ""]
    lines += [f"- {name}: {_listed(council[name])}" for name in COUNCIL_TABLES if council[name]]
    if paired:
        lines += ["", "The same scenarios without and with the council: "
                  f"{paired['both']} admitted in both, {paired['gained']} only with it, {paired['lost']} only without "
                  f"it, {paired['neither']} in neither."]  # fmt: skip
    lines += ["", _verdict(council, paired), ""]
    for example in council["examples"]:
        lines += [f"- {example['lens']}, {example['defect']}: {_inert(example['claim'])}",
                  f"    - before: {_inert(example['before'])}", f"    - after: {_inert(example['after'])}"]  # fmt: skip
    return [*lines, ""]


def _verdict(council: Mapping[str, Any], paired: Mapping[str, int] | None) -> str:
    """Whether it paid, in the one currency that this benchmark has: defects that checks can see."""
    mended = council["defects before"] - council["defects after"]
    gained = paired["gained"] - paired["lost"] if paired else 0
    paid = "it paid" if mended + gained > 0 and min(mended, gained) >= 0 else "it did not pay"
    if min(mended, gained) < 0 < max(mended, gained):
        paid = "it gave and took"
    return (
        f"By the deterministic checks {paid}: defects in what it changed went from {council['defects before']} to "
        f"{council['defects after']}, admitted conversations changed by {gained:+d}, for "
        f"{_tokens(council['usage']):,} tokens. What no check can see is for people to judge by its revisions"
        f"{':' if council['examples'] else '; there are none.'}"
    )


def _tokens(usage: Mapping[str, int]) -> int:
    return usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _inert(text: str) -> str:
    """Model output on one line that no Markdown can come out of."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def _table(rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]
