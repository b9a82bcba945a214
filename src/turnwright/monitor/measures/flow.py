"""How conversations run: their length, who asks how much, what goes wrong and is mended, refused or given up.

Repairs, refusals and abandoning are told from act names where turns have them, from words where they have not. The
lexicon is English, small and all of it below: it sees the common phrases and misses irony, paraphrase and what is only
meant; it counts "sorry, I don't understand" said out of politeness. Both sides are counted alike, so what it misses
matters only as far as it misses more on one side. Text in another language is left out, not counted as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.measures.levels import Levels, share
from turnwright.monitor.measures.user_words import COMMON
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.reading import Example, Said
from turnwright.records.fidelity import Detail, MonitorSide

__all__ = ["ABANDON", "COLUMNS", "MONITORS", "REFUSAL", "REPAIR", "Lengths"]

FAMILY = "flow"
LONGEST = 60
"""Turns, from which on conversations count as equally long in the distance of distributions."""
ENGLISH = 0.15
"""Least share of a side's words that are among the most common English ones."""

REPAIR = re.compile(
    r"\b(?:i mean(?:t)?|what i meant|correction|let me rephrase|say that again|pardon|come again|i misspoke"
    r"|did(?: no|n['’])t (?:understand|catch|get) (?:that|you|it)|do(?: no|n['’])t understand"
    r"|not (?:sure )?what you mean|(?:could|can) you (?:please )?(?:repeat|rephrase|clarify)"
    r"|that['’]?s not (?:right|correct|what i)|not what i (?:meant|said|asked|want)"
    r"|you (?:misunderstood|got (?:it|that) wrong)|(?:no|sorry|actually|wait),? (?:i (?:said|meant)|make (?:it|that))"
    r"|my (?:mistake|bad))\b"
)
REPAIR_ACT = re.compile(r"repair|clarif|rephrase|correct(?:ion)?$|misunderst|not_understood|repeat")
REFUSAL = re.compile(
    r"\b(?:(?:i|we)(?:['’]m| am| are|['’]re)? (?:sorry,? (?:but )?)?(?:i |we )?"
    r"(?:can(?:not|['’]?t| not)|am unable to|are unable to|won['’]?t|will not)(?: be able to)? "
    r"(?:help|assist|do|provide|share|give|authenticate|process|offer|complete|disclose|tell)"
    r"|(?:i['’]m|i am|we['’]re|we are) (?:unable|not able|not allowed|not permitted) to"
    r"|(?:is|are) not (?:allowed|permitted|possible)|against (?:our|the) policy|beyond (?:my|our) (?:scope|ability))\b"
)
REFUSAL_ACT = re.compile(r"refus|cannot|unable|out_of_scope|deny|denied|reject|not_allowed")
ABANDON = re.compile(
    r"\b(?:never ?mind|forget (?:it|about it|that)|(?:i )?give up|cancel (?:that|it|this|everything)|i have to go"
    r"|i(?:['’]ll| will) (?:just )?(?:try|call|do it|come back|check) "
    r"(?:again )?(?:later|another time|somewhere else|myself)"
    r"|not interested (?:any ?more|anymore)|(?:this is|that['’]?s) (?:useless|a waste of time|ridiculous)"
    r"|i(?:['’]m| am) done|(?:i )?do(?: no|n['’])t (?:want|need) (?:it|that|this) any ?more)\b"
)
ABANDON_ACT = re.compile(r"abandon|give_up|quit|hang_?up|cancel_(?:all|request|intent)")
_WORD = re.compile(r"[a-z'’]+|[^\W\d_]+")


def _spoken(one: Example, role: str) -> list[Said]:
    return [turn for turn in one.turns if turn.role == role and turn.text.strip()]


def _told(turns: Sequence[Said], words: re.Pattern[str], acts: re.Pattern[str]) -> int:
    return sum(bool(words.search(turn.text.lower()) or (turn.act and acts.search(turn.act.lower()))) for turn in turns)


def _counted(one: Example) -> list[float]:
    """One conversation's row; see COLUMNS."""
    user, assistant = _spoken(one, "user"), _spoken(one, "assistant")
    last = user[-1:]
    return [
        1,
        sum(turn.role != "tool" for turn in one.turns),
        len(user),
        len(assistant),
        sum("?" in turn.text for turn in user),
        sum("?" in turn.text for turn in assistant),
        _told(user, REPAIR, REPAIR_ACT) + _told(assistant, REPAIR, REPAIR_ACT),
        len(user) + len(assistant),
        _told(assistant, REFUSAL, REFUSAL_ACT),
        bool(_told(last, ABANDON, ABANDON_ACT)) or bool(one.turns and one.turns[-1].role == "user" and _open(last)),
        sum(turn.call is not None for turn in one.turns),
    ]


COLUMNS = (
    "conversations",
    "turns",
    "user turns",
    "assistant turns",
    "user questions",
    "assistant questions",
    "repairs",
    "spoken turns",
    "refusals",
    "abandoned",
    "calls",
)


def _open(last: Sequence[Said]) -> bool:
    """Whether a last user turn asks something that nobody answers any more."""
    return bool(last) and "?" in last[0].text


def _table(sample: Sample) -> NDArray[np.float32]:
    """conversations x COLUMNS, made once."""
    made = sample.once("flow", lambda: np.array([_counted(one) for one in sample.examples], np.float32))
    assert isinstance(made, np.ndarray)
    return made


def _rate(above: str, below: str, *, words: bool = False) -> Callable[[Sample], Statistic | LeftOut]:
    def prepare(sample: Sample) -> Statistic | LeftOut:
        table = _table(sample)
        sums = table[:, [COLUMNS.index(above), COLUMNS.index(below)]]
        n = _rests_on(sums[:, 1] > 0, sample)
        for name, count in zip(("reference", "synthetic set"), n, strict=True):
            if not count:
                return LeftOut(f"the {name} has no {below.removesuffix('s')} with words")
        why = _language(sample) if words else ""
        return LeftOut(why) if why else Levels(sums=sums, level=share, n=n)

    return prepare


def _rests_on(shown: NDArray[np.bool_], sample: Sample) -> tuple[int, int]:
    return int(shown[: sample.reference].sum()), int(shown[sample.reference :].sum())


def _language(sample: Sample) -> str:
    """Why words cannot be counted, "" where they can: a side without labels whose words are not English."""
    made = sample.once("flow language", lambda: _other_language(sample))
    assert isinstance(made, str)
    return made


def _other_language(sample: Sample) -> str:
    sides = sample.examples[: sample.reference], sample.examples[sample.reference :]
    for name, side in zip(("reference", "synthetic set"), sides, strict=True):
        known = whole = 0
        for one in side[:: max(1, len(side) // 400)]:
            words = _WORD.findall(" ".join(turn.text for turn in one.turns if turn.role != "tool").lower())
            known, whole = known + sum(word in COMMON for word in words), whole + len(words)
        if whole and known < ENGLISH * whole:
            return (
                f"the {name} does not look like English ({known / whole:.0%} of its words are common English ones), "
                "and the lexicon knows no other language"
            )
    return ""


# --- how long -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Lengths:
    """Greatest distance between the two distributions of turns per conversation (Kolmogorov and Smirnov's D)."""

    turns: NDArray[np.int64]
    steps: NDArray[np.float32]
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """D of every draw."""
        return np.asarray(np.abs(self._shares(real) - self._shares(other)).max(axis=1))

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """The median length on either side."""
        return self._median(real), self._median(other)

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Share of conversations of each length, in bands."""
        first, second = self._shares(real[:1])[0], self._shares(other[:1])[0]
        bands = [(0, 4), (4, 8), (8, 12), (12, 16), (16, 24), (24, 40), (40, LONGEST)]
        told = [(low, high, _between(first, low, high), _between(second, low, high)) for low, high in bands]
        return [
            Detail(name=f"{low + 1} to {high} turns", reference=a, synthetic=b) for low, high, a, b in told if a + b > 0
        ]

    def _shares(self, weights: Weights) -> Floats:
        """draws x lengths: share of conversations of at most this length."""
        with np.errstate(divide="ignore", invalid="ignore"):
            sums = (weights @ self.steps).astype(np.float64)
            return np.asarray(sums / weights.sum(axis=1, dtype=np.float64)[:, None])

    def _median(self, weights: Weights) -> float:
        return float(np.searchsorted(self._shares(weights[:1])[0], 0.5 - 1e-9) + 1)


def _between(shares: Floats, low: int, high: int) -> float:
    upper = 1.0 if high == LONGEST else float(shares[high - 1])
    return upper - (float(shares[low - 1]) if low else 0.0)


def _lengths(sample: Sample) -> Statistic | LeftOut:
    turns = np.clip(_table(sample)[:, COLUMNS.index("turns")].astype(np.int64), 1, LONGEST)
    steps = (turns[:, None] <= np.arange(1, LONGEST + 1)).astype(np.float32)
    return Lengths(turns=turns, steps=steps, n=(sample.reference, len(turns) - sample.reference))


def _level(
    name: str, title: str, what: str, columns: tuple[str, str], unit: str = "share", words: bool = False
) -> Monitor:
    sides: dict[str, MonitorSide] = {"user turns": "user", "assistant turns": "assistant"}
    return Monitor(
        name=name,
        family=FAMILY,
        title=title,
        means=f"Difference of the {what}",
        prepare=_rate(*columns, words=words),
        side=sides.get(columns[1], "both"),
        unit=unit,
        worse="either",
    )


MONITORS: tuple[Monitor, ...] = (
    _level(
        "turns",
        "Turns per conversation",
        "mean number of user and assistant turns",
        ("turns", "conversations"),
        unit="turns",
    ),
    Monitor(
        name="turn_spread",
        family=FAMILY,
        title="Spread of lengths",
        means="Greatest distance between the distributions of conversation lengths; 0 means that they are the same",
        prepare=_lengths,
    ),
    _level(
        "user_questions",
        "Questions of users",
        "share of user turns that ask something (a question mark)",
        ("user questions", "user turns"),
    ),
    _level(
        "assistant_questions",
        "Questions of the assistant",
        "share of assistant turns that ask something (a question mark)",
        ("assistant questions", "assistant turns"),
    ),
    _level(
        "repair_rate",
        "Repairs",
        "share of turns that mend a misunderstanding, by act or common phrase",
        ("repairs", "spoken turns"),
        words=True,
    ),
    _level(
        "refusal_rate",
        "Refusals",
        "share of assistant turns that refuse, by act or common phrase",
        ("refusals", "assistant turns"),
        words=True,
    ),
    _level(
        "abandon_rate",
        "Abandoned",
        "share of conversations that a user gives up or leaves with an open question",
        ("abandoned", "conversations"),
        words=True,
    ),
    _level(
        "calls",
        "Tool calls per conversation",
        "mean number of tool calls",
        ("calls", "conversations"),
        unit="calls",
    ),
)
