"""The dataset card: what a set is, how it was made, what guards it and what it is not, in Markdown for people and hubs.

Everything on it comes from the run; what the run does not know is printed as `unknown`. Words of domains, models and
endpoints are escaped: they cannot become markup, links or front matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from turnwright.domains import Domain
from turnwright.export.front_matter import ORDER, configured, front_matter, hub_split
from turnwright.export.manifest import Manifest
from turnwright.export.markdown import UNKNOWN, escaped, known, table
from turnwright.export.rollup import Rollup

__all__ = ["CardFacts", "Figure", "Guard", "Likeness", "Written", "card"]

FORMAT_MEANS = {
    "trl": "conversations for TRL's SFT trainer: `messages`, `tools`, and `trainable` for every message",
    "openai": "conversations for OpenAI's fine-tuning service; where turns came from stands in `*.provenance.jsonl`",
    "sharegpt": "conversations in the ShareGPT dialect of LLaMA-Factory and Axolotl",
    "preference": "pairs for TRL's preference trainers: a turn that the council revised, and what stood there before",
    "critique": "a turn, an objection to it, and the revised words",
    "parquet": "whole conversations with their origin, one row each",
}
NAIVE = "naive"
"""The way of simulation that has no blueprint behind it."""

LIGHTS = {"green": "🟢 nothing seen", "amber": "🟡 may be chance", "red": "🔴 differs", "grey": "not measured"}

FORMS = {
    "views/croissant.json": "Croissant 1.1 with Croissant RAI 1.0: files, hashes, how it was made",
    "views/data_trust.json": "the 22 fields of the Data & Trust Alliance's Data Provenance Standards 1.0.0",
    "views/eu_summary.json": "section 2.5 (synthetic data) of the EU summary of training content, AI Act Art. 53(1)(d)",
    "views/implicit_label.json": "the implicit label of GB 45438-2025 for every file",
    "views/prov.json": "W3C PROV: stages, models, collections and files",
}
"""Views of the set in the forms of standards: path → what it is."""

VIEW_MEANS = {
    "natural": "natural: `weight` is the share of a situation in the target mix over its share in the design",
    "stress": "stress: every conversation weighs 1, so that rare situations count as often as they were designed",
}


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between one defect class and the set.

    guarded_by: `check NAME`, `arbiter`, or empty when nothing does. detail: the figures of the licence
    (`licensed: miss <= 4.9 %, false alarms <= 8.1 %`), or why nothing guards it. severity: what a finding weighs.
    """

    defect: str
    guarded_by: str = ""
    detail: str = ""
    severity: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How many turns of words, and how many words, are of one origin."""

    turns: int
    words: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the comparison with the reference: value, its interval, the same between human halves, all of them
    numbers as text.
    """

    title: str
    value: str
    interval: str = ""
    floor: str = ""
    light: str = ""


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """How like human conversations the set is. said: in a sentence. left_out: how much could not be looked at."""

    said: str
    figures: tuple[Figure, ...] = ()
    left_out: int = 0


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the run knows of the set; empty or None where it does not know.

    counts: heading (`outcome`, `intent`, `way`, ...) → value → admitted conversations.
    origins: origin of user and assistant turns of words → how much of it there is.
    roles: role → fingerprint of its model. guards: one for every defect class.
    warnings: what a reader must see first (the arbiter is the teacher's model; a licence is void).
    rejected: `stage: reason` → scenarios that the set did not take. spec_hash: id of the spec.
    views: how weights may be read (`natural`, `stress`). licence, publisher, date: of the set, as the spec states them.
    scenarios: how many were designed. council: figures of the debates (`objections upheld` → 12); None when it is not
    known whether there were any. fidelity: None when the set was compared with no reference. quarantined: why a gate
    keeps conversations out of the set → how many. stopped: the gates that ended the run early. rollup: what the
    provenance of all turns comes to.
    """

    counts: dict[str, dict[str, int]] = {}
    origins: dict[str, Written] = {}
    roles: dict[str, str] = {}
    guards: tuple[Guard, ...] = ()
    warnings: tuple[str, ...] = ()
    rejected: dict[str, int] | None = None
    spec_hash: str = ""
    views: tuple[Literal["natural", "stress"], ...] = ()
    licence: str = ""
    publisher: str = ""
    date: str = ""
    scenarios: int | None = None
    council: dict[str, int] | None = None
    fidelity: Likeness | None = None
    quarantined: dict[str, int] = {}
    stopped: tuple[str, ...] = ()
    rollup: Rollup | None = None


def card(manifest: Manifest, domain: Domain, facts: CardFacts) -> str:
    """Return the dataset card of an export: front matter and Markdown, the same text for the same arguments."""
    parts = (
        [front_matter(manifest, domain, facts.licence), f"# {escaped(domain.spec.title)}", *_warnings(facts)],
        _what(manifest, domain, facts),
        _counts(manifest, facts),
        _origins(facts),
        _making(facts),
        _guards(facts),
        _likeness(facts),
        _rejects(facts),
        _limits(manifest, domain, facts),
        _loading(manifest),
    )
    return "\n\n".join(block for part in parts for block in part) + "\n"


def _warnings(facts: CardFacts) -> Iterator[str]:
    unguarded = [guard.defect for guard in facts.guards if not guard.guarded_by]
    for warning in facts.warnings:
        yield f"> 🔴 **Warning:** {escaped(warning)}"
    for gate in facts.stopped:
        yield f"> 🔴 **Stopped:** a gate ended the run early: {escaped(gate)}."
    if unguarded:
        yield f"> 🔴 **Unguarded:** nothing looks for {', '.join(escaped(name) for name in unguarded)} in this set."


def _what(manifest: Manifest, domain: Domain, facts: CardFacts) -> Iterator[str]:
    yield "## What it is"
    yield f"{manifest.conversations:,} synthetic multi-turn conversations of a user with an assistant, by turnwright."
    tools = ", ".join(escaped(name) for name in domain.tools) or "none"
    rows = [
        ("domain", f"{escaped(domain.spec.title)} ({escaped(manifest.domain)})"),
        ("what the domain is", known(domain.spec.summary)),
        ("tools", tools),
        ("language", escaped(domain.spec.language)),
        ("publisher", known(facts.publisher)),
        ("published", known(facts.date)),
        ("licence of the set", known(facts.licence)),
        ("licence of the domain", known(domain.spec.licence)),
        ("source of the domain", known(domain.spec.source)),
        ("spec", known(facts.spec_hash or manifest.spec)),
    ]
    yield table(("", ""), rows)


def _counts(manifest: Manifest, facts: CardFacts) -> Iterator[str]:
    yield "## Counts"
    yield _numbers("split", manifest.splits)
    for heading in ("outcome", "intent", *(name for name in facts.counts if name not in ("outcome", "intent"))):
        numbers = facts.counts.get(heading)
        yield _numbers(heading, numbers) if numbers else f"By {escaped(heading)}: {UNKNOWN}."


def _numbers(heading: str, numbers: dict[str, int], unit: str = "conversations") -> str:
    return table((escaped(heading), unit), [(escaped(name), f"{number:,}") for name, number in numbers.items()])


def _origins(facts: CardFacts) -> Iterator[str]:
    yield "## Who wrote the words"
    turns = sum(one.turns for one in facts.origins.values())
    words = sum(one.words for one in facts.origins.values())
    rows = [
        (escaped(name), f"{one.turns:,} ({_share(one.turns, turns)})", f"{one.words:,} ({_share(one.words, words)})")
        for name, one in sorted(facts.origins.items())
    ]
    yield table(("origin", "turns of words", "words"), rows) if rows else f"Origins of the turns: {UNKNOWN}."
    if facts.rollup:
        yield from _rolled_up(facts.rollup)


def _rolled_up(rollup: Rollup) -> Iterator[str]:
    """Share of people, whose words they were, which models wrote, and what all of that asks of the set."""
    rows = [
        ("tokens by people", _known_share(rollup.human_share)),
        ("tokens by people, or edited by them", _known_share(rollup.human_or_edited_share)),
        ("licence by all sources together", known(rollup.worst.licence)),
    ]
    yield table(("", ""), rows)
    sources = [
        (escaped(one.dataset), known(one.licence), f"{one.conversations:,}", f"{one.turns:,}", f"{one.derived:,}")
        for one in rollup.sources
    ]
    if sources:
        yield table(("words of people from", "licence", "conversations", "turns", "turns derived from them"), sources)
    wrote = [
        (escaped(one.model), f"{one.tokens:,}", *map(known, (one.facts.licence, one.facts.terms, one.facts.watermark)))
        for one in rollup.teachers
    ]
    if wrote:
        yield table(("model that wrote", "tokens", "licence", "may others learn from it", "watermark"), wrote)


def _known_share(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.1%}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _making(facts: CardFacts) -> Iterator[str]:
    yield "## How it was made"
    yield f"Scenarios designed: {UNKNOWN if facts.scenarios is None else f'{facts.scenarios:,}'}."
    ways = facts.counts.get("way", {})
    if sum(ways.values()) > ways.get(NAIVE, 0):
        yield (
            "Goal, tool calls and end state of every conversation were fixed and executed before any words were written"
            f"{', except of those that were simulated the naive way' if NAIVE in ways else ''}."
        )
    if NAIVE in ways:
        many = "were written by prompts that ask for many at once and follow no blueprint (naive)"
        yield f"{ways[NAIVE]:,} conversations {many}."
    if facts.roles:
        yield table(("role", "model"), [(escaped(role), known(model)) for role, model in facts.roles.items()])
    else:
        yield f"Models by role: {UNKNOWN}."
    if facts.council is None:
        yield f"Debates of a council: {UNKNOWN}."
    elif facts.council:
        yield _numbers("council", facts.council, "number")
    else:
        yield "Debates of a council: none."


def _guards(facts: CardFacts) -> Iterator[str]:
    yield "## What guards it"
    if not facts.guards:
        yield f"Guards by defect class: {UNKNOWN}."
        return
    yield (
        "A check is deterministic. An arbiter rules only on defect classes for which it passed an exam with planted"
        " defects; its figures are upper bounds of the rates at which it misses defects and raises false alarms."
    )
    yield table(("defect", "severity", "guarded by"), [_guard(guard) for guard in facts.guards])


def _guard(guard: Guard) -> tuple[str, str, str]:
    by = escaped(guard.guarded_by) if guard.guarded_by else "**unguarded**"
    return escaped(guard.defect), known(guard.severity), by + (f", {escaped(guard.detail)}" if guard.detail else "")


def _likeness(facts: CardFacts) -> Iterator[str]:
    made = facts.fidelity
    if made is None:
        return
    yield "## How like human conversations it is"
    yield escaped(made.said)
    rows = [(escaped(one.title), one.value, one.interval, one.floor, LIGHTS.get(one.light, "")) for one in made.figures]
    if rows:
        yield table(("figure", "value", "interval", "between human halves", ""), rows)
    if made.left_out:
        yield f"{made.left_out:,} figures could not be taken; `fidelity.json` of the run says why."


def _rejects(facts: CardFacts) -> Iterator[str]:
    yield "## What was not taken"
    if facts.rejected is None:
        yield f"Rejected scenarios: {UNKNOWN}."
    elif facts.rejected:
        yield _numbers("reason", facts.rejected, "scenarios")
    else:
        yield "Nothing was rejected."
    if facts.quarantined:
        yield _numbers("in quarantine, by gate", facts.quarantined)


def _limits(manifest: Manifest, domain: Domain, facts: CardFacts) -> Iterator[str]:
    yield "## Limits"
    views = [VIEW_MEANS[view] for view in facts.views] or [UNKNOWN]
    lines = [
        "It is no evidence of how often anything happens in the world.",
        f"It covers one domain, in the language '{escaped(domain.spec.language)}', and the situations of its design.",
        *[f"How close it is to human conversations: {UNKNOWN} (this export does not measure it)."][
            : facts.fidelity is None
        ],
        f"How to read the weights: {'; '.join(views)}.",
        "No scenario is in two splits.",
        f"{manifest.shortened:,} conversations end earlier in the chat formats than they did, on the assistant's last"
        " words.",
    ]
    for name, reasons in manifest.left_out.items():
        told = ", ".join(f"{escaped(reason)} {number:,}" for reason, number in reasons.items())
        lines.append(f"Left out of {escaped(name)}: {told}.")
    yield "\n".join(f"- {line}" for line in lines)


def _loading(manifest: Manifest) -> Iterator[str]:
    yield "## How to load it"
    written = [name for name in ORDER if any(file.format == name for file in manifest.files)]
    if not written:
        yield "No file was written."
        return
    lines = {name: sum(file.lines for file in manifest.files if file.format == name) for name in written}
    rows = [(name, f"{lines[name]:,}", FORMAT_MEANS[name]) for name in written]
    yield table(("format", "lines", "what it is"), rows)
    names = configured(manifest)
    of_first = {file.split for file in manifest.files if file.format == names[0]}
    first = next(split for split in manifest.splits if split in of_first)
    yield (
        "```python\nfrom datasets import load_dataset\n\n"
        f'data = load_dataset("path/to/this/folder", "{names[0]}", split="{hub_split(first)}")\n```'
    )
    if "parquet" in written and "parquet" not in names:
        yield 'Parquet beside other formats: `load_dataset("parquet", data_dir="path/to/this/folder/parquet")`.'
    yield "`manifest.json` holds the hash, size and number of lines of every file."
    if manifest.views:
        yield "## The same in other forms"
        yield table(("file", "what it is"), [(f"`{one.path}`", FORMS.get(one.path, "")) for one in manifest.views])
