"""The model card of a student: what it learnt from, how much of it was human, what it scores.

Written for people, from the same figures that the commands print. Names of files and acts are data and are written
as code, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from turnwright.reading.example import ExampleSet, decisions
from turnwright.train.evaluate import Measure
from turnwright.train.linear import LinearStudent
from turnwright.train.lora import LoraStudent

__all__ = ["student_card"]

LEDGER = "none yet"
Rows = list[tuple[str, str]]
_PREDICTS = (
    "It predicts the assistant's next act, and tools through their acts; it writes no words and no",
    "arguments. It learnt from trainable turns only.",
)
_SPEAKS = (
    "It says `[act] words` or `[act] <tool_call>{...}</tool_call>`, so it predicts acts, and can talk with a user.",
    "It learnt from trainable turns only. Its words are no more checked than those of any language model.",
)


def student_card(
    student: LinearStudent | LoraStudent, learnt: ExampleSet, scores: Sequence[Measure] = (), pairs: int = 0
) -> str:
    """The card as Markdown. scores: of a test, where the student was examined. pairs: preference pairs learnt from."""
    lora = isinstance(student, LoraStudent)
    kind = "A student that speaks, tuned by LoRA" if lora else "A linear student of next acts"
    lines = [f"# {kind}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_code(value)} |" for name, value in _rows(student, learnt, pairs)]
    lines += ["", *(_SPEAKS if lora else _PREDICTS), ""]
    if scores:
        lines += ["## Scores", "", "| score | of | value | 95 % interval | conversations |", "|---|---|---|---|---|"]
        lines += [_row(one) for one in scores]
        lines += ["", "Intervals: bootstrap over conversations.", ""]
    return "\n".join(lines)


def _rows(student: LinearStudent | LoraStudent, learnt: ExampleSet, pairs: int) -> list[tuple[str, str]]:
    share, known, turns = learnt.human_share
    human = f"{share:.1%}" if share is not None else "not known"
    own = _tuned(student, pairs) if isinstance(student, LoraStudent) else _counted(student)
    return [
        ("student", student.name),
        *own[0],
        ("set", ", ".join(learnt.sources)),
        ("set hash", learnt.hash),
        ("spec hash", ", ".join(learnt.specs) or "none"),
        ("ledger head", "unknown" if isinstance(student, LoraStudent) else LEDGER),
        ("human share of turns", f"{human} ({known:,} of {turns:,} turns say who wrote them)"),
        ("conversations", f"{len(learnt):,}"),
        ("decisions learnt from", f"{len(decisions(learnt.examples)):,}"),
        ("acts", f"{len(student.acts):,}"),
        *own[1],
    ]


def _counted(student: LinearStudent) -> tuple[Rows, Rows]:
    first = [("features", student.features), ("seed", str(student.seed))]
    return first, [("feature words", f"{len(student.vocabulary):,}")]


def _tuned(student: LoraStudent, pairs: int) -> tuple[Rows, Rows]:
    known, chosen = student.known, student.known.settings
    told = ", ".join(f"{name} {value}" for name, value in msgspec.structs.asdict(chosen).items() if name != "seed")
    first = [("base model", known.base), ("base sha256", known.sha256), ("settings", told), ("seed", str(chosen.seed))]
    return first, [("preference pairs", f"{pairs:,} ({known.pairs})" if known.pairs else "none")]


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
