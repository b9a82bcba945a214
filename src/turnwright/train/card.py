"""The model card of a student: what it learnt from, how much of it was human, what it scores.

Written for people, from the same figures that the commands print. Names of files and acts are data and are written
as code, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from turnwright.reading.example import ExampleSet, decisions
from turnwright.train.evaluate import Measure
from turnwright.train.linear import LinearStudent

__all__ = ["student_card"]

LEDGER = "none yet"


def student_card(student: LinearStudent, learnt: ExampleSet, scores: Sequence[Measure] = ()) -> str:
    """The card as Markdown. scores: of a test, where the student was examined."""
    points = decisions(learnt.examples)
    share, known, turns = learnt.human_share
    human = f"{share:.1%}" if share is not None else "not known"
    rows = [
        ("student", student.name),
        ("features", student.features),
        ("seed", str(student.seed)),
        ("set", ", ".join(learnt.sources)),
        ("set hash", learnt.hash),
        ("spec hash", ", ".join(learnt.specs) or "none"),
        ("ledger head", LEDGER),
        ("human share of turns", f"{human} ({known:,} of {turns:,} turns say who wrote them)"),
        ("conversations", f"{len(learnt):,}"),
        ("decisions learnt from", f"{len(points):,}"),
        ("acts", f"{len(student.acts):,}"),
        ("feature words", f"{len(student.vocabulary):,}"),
    ]
    lines = ["# A linear student of next acts", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_code(value)} |" for name, value in rows]
    lines += ["", "It predicts the assistant's next act, and tools through their acts; it writes no words and no", ""]
    lines[-2] += " arguments. It learnt from trainable turns only."
    if scores:
        lines += ["## Scores", "", "| score | of | value | 95 % interval | conversations |", "|---|---|---|---|---|"]
        lines += [_row(one) for one in scores]
        lines += ["", "Intervals: bootstrap over conversations.", ""]
    return "\n".join(lines)


def _row(one: Measure) -> str:
    score = one.score
    return (
        f"| {one.name} | {_code(one.of)} | {score.value:.3f} | {score.low:.3f} to {score.high:.3f} "
        f"| {one.conversations:,} |"
    )


def _code(text: str) -> str:
    """As code in a cell: nothing in it can end the cell or be read as markup."""
    clean = "".join(" " if ord(letter) < 32 or letter in "`|<>" else letter for letter in text)
    return f"`{clean}`"
