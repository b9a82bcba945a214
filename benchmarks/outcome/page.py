"""The figures as people read them: a table for the terminal, and docs/results.md from all files of results/.

Reads JSON and writes text; nothing is worked out here, and what is missing is named with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["block_of", "page_of", "table_of", "write_block", "write_page"]

Part = dict[str, Any]
HEAD = """\
# What a set is worth

Written by `benchmarks/outcome/run_outcome.py` from `benchmarks/outcome/results/*.json`; do not edit. `make outcome`
runs a reduced version of it in minutes, without a model.

A linear student learns from a set and is examined on the next act in real human conversations of STAR (ten tasks,
human to human). Its weighted F1, read off the learning curve of real conversations, says what the set is worth:
*equivalent real conversations* (ERC). Generators read the tasks' graphs and API schemas alone; they never see the
test, nor how often acts occur in the real pool. Arms that say so see 24 real conversations of the pool, drawn anew for
every generation seed. Nothing was tuned on the test.
"""
WORDS = """\
**Words.** Where no teacher is named, every word is one of the domain's own phrasings, written by the importer from the
task's schema: models that run on the benchmark's machine are too slow for thousands of conversations, and so these
arms cost no call and no token. What a strong teacher adds is not in these figures.
"""
READING = """\
Weighted F1: mean over generation seeds and training seeds, then the range over generation seeds. Intervals are 95 %,
from 1,000 rounds that draw conversations of the test, generation seeds and training seeds, for the set and for the
curve alike; with few seeds they say little about chance in generation. *admitted*: mean number of synthetic
conversations that came out of the run, + real ones added. CPU: seconds of one core to make the set.

*With the corpus's names for acts*: STAR's people label some replies otherwise than the tasks' schemas do (the goodbye
of the bank is `bank_bye` in its schema, `goodbye_1` in the labels). In this column the acts of a set are called as in
the labels. For arms that see no real conversation the map is read from labels of the pool, which they must not see:
the headline is the column without. For arms that see 24, it is read from these 24. Calls count as `query`, as in STAR.
"""
TOLERANCE = 0.03
LARGE = 1000
LORA = "## Does another student say the same?"


def write_page(results: Path, page: Path) -> None:
    """Write the page from the files in `results`."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(page_of(results), encoding="utf-8")


def page_of(results: Path) -> str:
    """The whole page."""
    parts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}
    blocks = [HEAD]
    if "arms" in parts:
        blocks += _arms(parts["arms"])
    blocks += _decomposition(parts["decomposition"]) if "decomposition" in parts else []
    blocks += _lost(parts["lost"]) if "lost" in parts else []
    blocks += _lora(parts["lora"]) if "lora" in parts else [f"{LORA}\n\nNot measured yet.\n"]
    absent = [name for name in ("arms", "decomposition", "lost") if name not in parts]
    blocks += [f"Missing on this page, since it was not run: {', '.join(absent)}.\n"] if absent else []
    return "\n".join(blocks)


MARKS = ("<!-- outcome -->", "<!-- /outcome -->")
SHOWN = (
    ("walk", LARGE, "plain walk of the task graph"), ("full", LARGE, "the factory, from schemas alone"),
    ("seeded", LARGE, "the factory and 24 real conversations"), ("real", 24, "real conversations"),
    ("real", 100, "real conversations"), ("real", 240, "real conversations"),
)  # fmt: skip


def write_block(results: Path, page: Path) -> None:
    """Put the short table between the marks of a page (the README)."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    page.write_text(f"{before}{MARKS[0]}\n{block_of(results)}\n{MARKS[1]}{after}", encoding="utf-8")


def block_of(results: Path) -> str:
    """The short table: what a set of each kind is worth."""
    part = json.loads((results / "arms.json").read_text(encoding="utf-8"))
    rows = [["training set", "weighted F1", "equivalent real conversations (95 %)", "with the labels' names of acts"]]
    for arm, size, says in SHOWN:
        row = next((row for row in part["rows"] if (row["arm"], row["size"]) == (arm, size)), None)
        if row is None:
            continue
        named = row.get("named", {}).get("ERC")
        erc = f"{row['ERC']['value']:,.0f} ({_span(row['ERC'], ',.0f')})"
        rows.append([
            f"{size:,} {says}" if arm == "real" else f"{says}, {size:,}", f"{row['wF1']['value']:.3f}", erc,
            f"{named['value']:,.0f} ({_span(named, ',.0f')})" if named else "",
        ])  # fmt: skip
    return _table(rows).strip()


def table_of(results: Path) -> str:
    """The table of arms for a terminal."""
    rows = _rows_of_arms(json.loads((results / "arms.json").read_text(encoding="utf-8")))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


# --- arms -------------------------------------------------------------------------------------------------------


def _arms(part: Part) -> list[str]:
    shown = {row["arm"]: row["says"] for row in part["rows"] if row["group"] == "arms"}
    test = part["test"]
    made = (
        f"{part['seeds']} generation seeds, {part['fits']} training seeds a set; test: {test['conversations']} "
        f"conversations, {test['decisions']:,} decisions; pool: {part['pool']:,} conversations; "
        f"turnwright {part['version']}."
    )
    return [
        f"{made}\n", WORDS,
        "## What was asked, and what came out\n",
        _table(_asked(part)),
        "## Real conversations\n", _table(_curve(part)),
        "## Arms\n", "\n".join(f"* **{name}**: {says}" for name, says in shown.items()), "",
        _table(_rows_of_arms(part)), READING, _remarks(part), _missing(part),
        "## Differences at equal size\n",
        "First less second, weighted F1, on the same draws of the test.\n", _table(_gaps(part)),
        *_loops(part),
        "## Ablations\n", *_ablation(part),
    ]  # fmt: skip


def _asked(part: Part) -> list[list[str]]:
    """What was asked of the project before anything was measured, beside what was measured."""
    rows = [["asked", "measured", "95 %", "met"]]
    for size, want in ((24, 0.47), (240, 0.62)):
        found = next((point["wF1"] for point in part["curve"] if point["size"] == size), None)
        met = found is not None and abs(found["value"] - want) <= TOLERANCE
        rows.append([f"{size} real conversations reach {want} ± {TOLERANCE} weighted F1", *_found(found, ".3f", met)])
    for arm, least, aim in (("full", 40, 100), ("seeded", 80, 240)):
        row = next((row for row in part["rows"] if (row["arm"], row["size"]) == (arm, LARGE)), {})
        erc, named = row.get("ERC"), row.get("named", {}).get("ERC")
        for word, want in (("at least", least), ("aimed at", aim)):
            rows.append([f"{arm} at {LARGE:,}: {word} {want} ERC", *_found(erc, ",.0f", _reaches(erc, want))])
        if arm == "seeded":  # its 24 tell the names, so that they are part of what it may know
            what = f"{arm} at {LARGE:,}, acts called as its 24 call them: aimed at {aim} ERC"
            rows.append([what, *_found(named, ",.0f", _reaches(named, aim))])
    for gap in (gap for gap in part["gaps"] if gap["second"].startswith("naive")):
        what = f"full: at least 3 points of weighted F1 over {gap['second']}, cut to as many as came back from it"
        rows.append([what, *_found(gap, "+.3f", gap["value"] >= 0.03)])
    return rows


def _reaches(found: Part | None, want: float) -> bool:
    return found is not None and found["value"] >= want


def _found(found: Part | None, form: str, met: bool) -> list[str]:
    return (
        [f"{found['value']:{form}}", _span(found, form), "yes" if met else "no"] if found else ["not measured", "", ""]
    )


def _curve(part: Part) -> list[list[str]]:
    rows = [["real conversations", *(f"{point['size']:,}" for point in part["curve"])]]
    rows.append(["weighted F1", *(f"{point['wF1']['value']:.3f}" for point in part["curve"])])
    rows.append(["95 %", *(f"{point['wF1']['low']:.3f} to {point['wF1']['high']:.3f}" for point in part["curve"])])
    rows.append(["draws", *(str(point["draws"]) for point in part["curve"])])
    return rows


def _rows_of_arms(part: Part) -> list[list[str]]:
    head = ["arm", "N", "admitted", "weighted F1", "95 %", "ERC", "95 %", "macro F1"]
    head += ["with the corpus's names: F1, ERC", "calls", "tokens", "CPU s"]
    rows = [_row(row) for row in part["rows"] if row["group"] == "arms" and "missing" not in row]
    return [head, *rows]


def _row(row: Part) -> list[str]:
    low, high = min(row["each seed"]), max(row["each seed"])
    named = row.get("named")
    admitted = f"{row['synthetic']:.0f}" + (f" + {row['human']:.0f}" if row["human"] else "")
    return [
        row["arm"], f"{row['size']:,}" if row["size"] else "all", admitted,
        f"{row['wF1']['value']:.3f}" + (f" ({low:.3f} to {high:.3f})" if row["seeds"] > 1 else " (one seed)"),
        _span(row["wF1"], ".3f"), _erc(row["ERC"]), _span(row["ERC"], ",.0f"), f"{row['macro F1']:.3f}",
        f"{named['wF1']['value']:.3f}, {_erc(named['ERC'])}" if named else "",
        f"{row['calls']:,.0f}", f"{row['tokens']:,.0f}", "?" if row["cpu"] is None else f"{row['cpu']:,.0f}",
    ]  # fmt: skip


def _missing(part: Part) -> str:
    rows = [row for row in part["rows"] if "missing" in row]
    if not rows:
        return ""
    lines = [f"* {row['arm']} at {row['size'] or 'all'}: {row['missing']}" for row in rows]
    return "Not measured:\n\n" + "\n".join(lines) + "\n"


def _remarks(part: Part) -> str:
    rows = [row for row in part["rows"] if "missing" not in row]
    most = max((row["shared"] for row in rows), default=0.0)
    notes = [f"* {row['arm']} at {row['size']:,}: {note}" for row in rows for note in row["notes"]]
    said = f"Before it is measured, each set is searched for words of the test: at most {most:.1%} of any set's "
    return (
        said
        + "conversations overlap it (1 % and any copy is refused).\n"
        + "\n".join(["", *notes, ""] if notes else [])
    )


def _gaps(part: Part) -> list[list[str]]:
    rows = [
        [row["first"], row["second"], f"{row['size']:,}", f"{row['value']:+.3f}", _span(row, "+.3f"), _p(row["p"])]
        for row in part["gaps"]
    ]
    return [["first", "second", "N", "difference", "95 %", "p"], *rows]


def _loops(part: Part) -> list[str]:
    rows = [
        [row["arm"], f"{row['size']:,}", str(row["round"]), f"{row['synthetic']:,.0f}", f"{row['value']:+.3f}",
         _span(row, "+.3f"), _p(row["p"])]
        for row in part["rounds"]
    ]  # fmt: skip
    head = ["loop", "N", "round", "synthetic so far", "gain over the round before, weighted F1", "95 %", "p"]
    return ["## The loop, round by round\n", _table([head, *rows]) if rows else "Not measured yet.\n"]


def _ablation(part: Part) -> list[str]:
    rows = [
        [row["name"], row["says"], f"{row['size']:,}", f"{row['value']:+.3f}", _span(row, "+.3f"), _p(row["p"])]
        for row in part["ablation"]
        if "missing" not in row
    ]
    left = [f"* {row['name']}: not measured: {row['missing']}" for row in part["ablation"] if "missing" in row]
    head = ["arm", "what is changed", "N", "difference in weighted F1", "95 %", "p"]
    return [_table([head, *rows]) if rows else "", "\n".join(left) + "\n"]


# --- the other parts --------------------------------------------------------------------------------------------


def _decomposition(part: Part) -> list[str]:
    rows = [
        [row["arm"], row["acts"], row["words"], f"{row['wF1']['value']:.3f}", _erc(row["ERC"]),
         _span(row["ERC"], ",.0f")]
        for row in part["rows"]
    ]  # fmt: skip
    return [
        "## Where the worth lies: acts or words\n",
        f"Acts and words are exchanged one at a time, at N = {part['size']:,}; {part['seeds']} seeds. *ours*: of the "
        "arm's set. *real*: drawn from the whole real pool (so these rows are no arm), from the same task between the "
        "same acts, else between the same acts, else before the same act. Words: of users and of tool results.\n",
        _table([["set", "acts", "words", "weighted F1", "ERC", "95 %"], *rows]),
    ]


def _lost(part: Part) -> list[str]:
    if "missing" in part:
        return ["## What is still lost, and the next lever\n", f"Not measured: {part['missing']}.\n"]
    worst = next(kind for kind in part["kinds"] if kind["name"] != part["nameless"])
    ours, real = part["accuracy"]["ours"], part["accuracy"]["real"]
    said = (
        f"Arm **{part['arm']}** at {part['size']:,} (the best of {', '.join(part['among'])}) beside {part['real']} "
        f"real conversations, on {part['looked at']} conversations of the pool that neither learnt from. The test is "
        f"not looked at, since levers are pulled by this table. Accuracy {ours:.3f} against {real:.3f}. *lost*: share "
        "of all decisions, in percent, that are right with the real conversations and wrong with the set, less the "
        "other way round.\n"
    )
    return [
        "## What is still lost, and the next lever\n", said,
        f"The next lever: **{worst['name']}** ({_percent(worst['lost'])} % of all decisions). What the set has under "
        "no name, or under another than the labels, is a row of its own: a generator that does not see labels cannot "
        "mend it.\n",
        _table(_lost_rows("kind of step", part["kinds"])),
        _table(_lost_rows("step: act before → act", part["steps"])), _table(_lost_rows("task", part["tasks"])),
    ]  # fmt: skip


def _lost_rows(name: str, rows: Sequence[Part]) -> list[list[str]]:
    head = [name, "decisions", "conversations", "lost, % of all decisions", "95 %", "most often said instead"]
    return [head, *(
        [row["name"], f"{row['decisions']:,}", f"{row['conversations']:,}", _percent(row["lost"]),
         f"{100 * row['lost']['low']:+.2f} to {100 * row['lost']['high']:+.2f}", row["instead"]]
        for row in rows
    )]  # fmt: skip


def _lora(part: Part) -> list[str]:
    rows = [
        [row["arm"], f"{row['size']:,}", f"{row['linear']:.3f}", f"{row['lora']['value']:.3f}",
         _span(row["lora"], ".3f")]
        for row in part["rows"]
        if "missing" not in row
    ]  # fmt: skip
    left = [f"* {row['arm']} at {row['size']}: {row['missing']}" for row in part["rows"] if "missing" in row]
    return [
        f"{LORA}\n",
        f"The `lora` student ({part['base']}, {part['epochs']} epochs) on {part['test']} conversations drawn from the "
        f"test, beside the linear student on the same. Rank correlation (Spearman) over {len(rows)} sets: "
        f"{_rho(part)}.\n",
        _table([["arm", "N", "linear, weighted F1", "lora, weighted F1", "95 %"], *rows]), "\n".join(left),
    ]  # fmt: skip


def _rho(part: Part) -> str:
    return "not defined" if part["spearman"] is None else f"{part['spearman']:.2f}"


# --- how numbers look -------------------------------------------------------------------------------------------


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _erc(found: Part) -> str:
    return ("≥ " if found.get("at least") else "") + f"{found['value']:,.0f}"


def _span(found: Part, form: str) -> str:
    return f"{found['low']:{form}} to {found['high']:{form}}"


def _percent(found: Part) -> str:
    return f"{100 * found['value']:+.2f}"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


if __name__ == "__main__":
    here = Path(__file__).parent
    write_page(here / "results", here.parents[1] / "docs" / "results.md")
    write_block(here / "results", here.parents[1] / "README.md")
