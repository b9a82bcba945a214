"""Sentences that several views need, each written once from the facts, in plain words.

They say what a run did, never what a set is good for beyond the formats that were written.
"""

from __future__ import annotations

from turnwright.export.views.facts import UNKNOWN, ViewFacts, said

__all__ = [
    "NAIVE",
    "PURPOSES",
    "description",
    "guarding",
    "limits",
    "making",
    "missing",
    "origins",
    "purposes",
    "sources",
]

PURPOSES = {
    "openai": "fine-tuning of assistants (OpenAI's chat format)",
    "sharegpt": "fine-tuning of assistants (ShareGPT dialect)",
    "trl": "supervised fine-tuning of assistants (TRL)",
    "preference": "preference training of assistants (TRL)",
    "critique": "training in critique and revision",
    "parquet": "analysis (Parquet)",
}
"""What each format with training data is for; side files (`provenance`) are for no use of their own."""

NAIVE = "naive"


def description(facts: ViewFacts) -> str:
    """What the set is, in two or three sentences."""
    about = f" {facts.summary.strip()}" if facts.summary.strip() else ""
    return (
        f"{facts.conversations:,} multi-turn conversations of a user with an assistant, made by turnwright for the"
        f" domain '{facts.title}'.{about} Who wrote the words: {origins(facts)}."
    )


def origins(facts: ViewFacts) -> str:
    """Share of the words by origin."""
    whole = facts.words
    if not whole:
        return UNKNOWN
    return ", ".join(f"{name} {one.words / whole:.1%}" for name, one in sorted(facts.origins.items()))


def sources(facts: ViewFacts) -> str:
    """Where words of people were taken from, with licences."""
    if facts.rollup is None:
        return UNKNOWN
    return "; ".join(f"{one.dataset} ({one.licence})" for one in facts.sources) or "none"


def making(facts: ViewFacts) -> str:
    """How the conversations came to be."""
    parts = [f"{facts.scenarios:,} scenarios were designed" if facts.scenarios is not None else "scenarios: unknown"]
    blueprints = sum(facts.ways.values()) - facts.ways.get(NAIVE, 0)
    if blueprints:
        parts.append(
            f"in {blueprints:,} conversations the goal, the tool calls and the end state were fixed and executed before"
            " any words were written"
        )
    if naive := facts.ways.get(NAIVE, 0):
        parts.append(f"{naive:,} were written by prompts that ask for many at once and follow no blueprint")
    ways = ", ".join(f"{way} {count:,}" for way, count in sorted(facts.ways.items()))
    return f"{'; '.join(parts)}; conversations by way of simulation: {said(ways)}; seed {_number(facts.seed)}"


def missing(facts: ViewFacts) -> str:
    """What was designed and is not in the set, and why."""
    if facts.rejected is None:
        return UNKNOWN
    counts = facts.rejected | {f"quarantine: {gate}": count for gate, count in facts.quarantined.items()}
    return "; ".join(f"{why}: {count:,}" for why, count in sorted(counts.items())) or "nothing was rejected"


def guarding(facts: ViewFacts) -> list[str]:
    """What stood between each defect class and the set, a line a class."""
    return [
        f"{guard.defect}: {guard.guarded_by or 'nothing looked for it'}{f' ({guard.detail})' if guard.detail else ''}"
        for guard in facts.guards
    ]


def limits(facts: ViewFacts) -> list[str]:
    """What the set cannot show."""
    unguarded = ", ".join(guard.defect for guard in facts.guards if not guard.guarded_by)
    lines = [
        "It is no evidence of how often anything happens in the world.",
        f"It covers one domain, in the language '{facts.language}', and the situations of its design.",
    ]
    lines += [f"Nothing looked for: {unguarded}."] if unguarded else []
    for name, reasons in sorted(facts.left_out.items()):
        told = ", ".join(f"{why} {count:,}" for why, count in sorted(reasons.items()))
        lines.append(f"Left out of {name}: {told}.")
    return lines


def purposes(facts: ViewFacts) -> list[str]:
    """What the formats that were written are for."""
    return [PURPOSES[name] for name in facts.formats if name in PURPOSES]


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
