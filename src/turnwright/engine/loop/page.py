"""The loop in Markdown: a page a round (what fails, what is steered and why) and one over all rounds.

The figures are those of the JSON beside it. Names of acts and levels are data, and never read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from turnwright.engine.batches.words import said
from turnwright.engine.loop.records import LoopReport, LoopRound
from turnwright.engine.loop.steering import Steering
from turnwright.export.markdown import escaped, table
from turnwright.records import Usage
from turnwright.train import Difference, Estimate
from turnwright.train.failures import Cell, Change, Failures

__all__ = ["WHY", "page_of", "round_page"]

SHOWN = 15
"""Cells that a round's page shows."""
WHY = {
    "rounds": "all rounds are over",
    "no gain": "the gain's interval reached down to zero for as many rounds as patience lasts",
    "interrupted": "stopped; the same command goes on",
    "capped": "a cap was met; a higher one goes on",
    "stopped": "a gate of a spec stopped its run; another gate goes on",
}


def page_of(report: LoopReport) -> str:
    """The page over all rounds."""
    head = (
        "round",
        "made",
        "learnt",
        "human",
        "dev weighted F1",
        "gain",
        "significant cells",
        "calls",
        "tokens",
        "cost",
    )
    lines = [
        "# The closed loop",
        "",
        f"Domains: {', '.join(map(_name, report.domains))}. Ended: {WHY[report.stop]}.",
        "",
    ]
    lines += [table(head, [_row(one) for one in report.rounds]), ""]
    if report.rounds and report.rounds[0].cross_fitted:
        lines += ["The dev set is among the human conversations: students are cross-fitted over it.", ""]
    lines += [
        f"Scores: {report.dev_conversations:,} dev conversations, {report.dev_decisions:,} decisions; 95 % intervals: "
        "bootstrap over conversations; gain: over the round before, on the same draws.",
        "",
    ]
    if report.test:
        score = report.test.evaluation.score()
        lines += [f"Test, looked at once after the last round: weighted F1 {_span(score)}", ""]
        if report.test.gain:
            lines[-2] += f"; over the first round's student {_gain(report.test.gain)}"
        lines[-2] += "."
    return "\n".join(lines)


def _row(one: LoopRound) -> tuple[str, ...]:
    paid: Usage = one.usage
    return (
        str(one.number), f"{one.generated:,}", f"{one.learnt:,}", f"{one.human:,} ({one.human_share:.1%})",
        _span(one.score), _gain(one.gain), f"{one.significant} of {one.looked_at}",
        f"{paid.calls:,}", f"{paid.tokens:,}", f"{paid.money / 1e6:.4f}",
    )  # fmt: skip


def round_page(made: LoopRound, failures: Failures, steering: Steering) -> str:
    """The page of one round."""
    lines = [f"# Round {made.number}", ""]
    gain = f", gain {_gain(made.gain)}" if made.gain else ""
    lines += [f"Weighted F1 {_span(made.score)}{gain}. {_errors(failures)}", ""]
    lines += _section("What fails", _CELLS, [_cell(cell) for cell in failures.cells[:SHOWN] if cell.lost > 0])
    lines += _section("What became of the cells that were steered", _CHANGES, [_change(one) for one in made.changed])
    passed = "passed" if made.gate.passed else f"failed, so steering is halved: {'; '.join(made.gate.reasons)}"
    figures = ", ".join(f"{name} {value:g}" for name, value in made.gate.figures.items())
    lines += ["## Gate", "", f"{passed} ({figures})", ""]
    warned = made.gate.watch.warnings if made.gate.watch else ()
    told = [f"- {_name(one)}" for one in (*map(said, made.gate.outcomes), *warned)]
    lines += [*told, ""] if told else []
    lines += _steering(steering)
    return "\n".join(lines)


_CELLS = ("cell", "decisions", "conversations", "wrong", "excess", "95 %", "lost", "p, corrected", "said instead")
_CHANGES = ("cell", "decisions", "wrong before", "wrong now", "fewer", "95 %")


def _errors(failures: Failures) -> str:
    return (
        f"{failures.errors:,} of {failures.decisions:,} decisions are wrong ({failures.rate:.1%}). Of "
        f"{len(failures.cells) + failures.too_small:,} cells, {failures.too_small:,} have fewer than {failures.least} "
        f"conversations; of the {len(failures.cells):,} others {len(failures.significant):,} are worse than the rest "
        f"(Holm, {failures.alpha:g})."
    )


def _steering(steering: Steering) -> list[str]:
    lines = [f"## What round {steering.round} samples more", ""]
    lines += [f"{'; '.join(steering.notes)}", ""] if steering.notes else []
    if steering.cells:
        basis = "estimates that are not significant" if steering.explored else "significant cells"
        lines += [f"Strength {steering.strength:g}, on {basis}: {'; '.join(map(_name, steering.cells))}", ""]
    rows = [
        (_name(one.domain), _name(f"{one.factor}={one.level}"), f"{one.before:.1%}", f"{one.plain:.1%}",
         f"{one.after:.1%}", str(one.quota), "; ".join(map(_name, one.because)))
        for one in steering.pushes
    ]  # fmt: skip
    if rows:
        lines += [table(("domain", "level", "last round", "without quota", "with it", "quota", "because of"), rows), ""]
    moved = [
        (_name(one.domain), f"{one.before:,}", f"{one.after:,}")
        for one in steering.shares
        if len(steering.shares) > 1 and one.before != one.after
    ]
    if moved:
        lines += [table(("domain", "scenarios", "then"), moved), ""]
    missed = [
        (_name(one.domain), _name(one.cell), f"{one.errors:,}", f"{one.shown:,} of {one.conversations:,}", one.why)
        for one in steering.unreached
    ]
    return [*lines, *_section("What no quota reaches", ("domain", "cell", "errors", "shown by", "why"), missed)]


def _section(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [f"## {title}", "", table(head, rows), ""] if rows else []


def _cell(cell: Cell) -> tuple[str, ...]:
    said = ", ".join(f"{_name(act)} {count}" for act, count in list(cell.instead.items())[:2])
    return (
        _name(cell.name), f"{cell.decisions:,}", f"{cell.conversations:,}", f"{cell.rate:.1%}",
        f"{cell.excess.value:+.3f}", f"{cell.excess.low:+.3f}…{cell.excess.high:+.3f}", f"{cell.lost:.1f}",
        f"{cell.holm:.3f}", said,
    )  # fmt: skip


def _change(one: Change) -> tuple[str, ...]:
    fewer = one.fewer
    return (
        _name(one.name), f"{one.decisions:,}", f"{one.before:.1%}", f"{one.after:.1%}", f"{fewer.value:+.3f}",
        f"{fewer.low:+.3f}…{fewer.high:+.3f}",
    )  # fmt: skip


def _span(score: Estimate) -> str:
    return f"{score.value:.3f} ({score.low:.3f}…{score.high:.3f})"


def _gain(gain: Difference | None) -> str:
    if gain is None:
        return ""
    found = gain.difference
    return f"{found.value:+.3f} ({found.low:+.3f}…{found.high:+.3f})"


def _name(text: str) -> str:
    return escaped(text)
