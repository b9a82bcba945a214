"""The user-simulator gate: how simulated users talk against how people do, from user turns alone.

Simulated users answer all that is asked, at length and politely, without a typo, and tell everything at once; each of
these is a level on either side. What counts is in `user_words` and `vocabulary`; words see no tone and no lie, and
slips are guessed without a dictionary, so their rate says more beside the other side's than alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from turnwright.monitor.measures.levels import Level, Levels, share, spread
from turnwright.monitor.measures.user_counts import DEVIATIONS, UserCounts, user_counts
from turnwright.monitor.statistic import LeftOut, Monitor, Sample, Statistic

__all__ = ["MONITORS"]

FAMILY = "simulated users"
ENGLISH = 0.15
"""Share of user words among the common ones of English, below which a text is taken for another language."""
SPACELESS = 0.3
"""Share of letters of scripts without spaces from which on words cannot be counted."""
MOST_EXPRESSIONS = 8

NEEDED = ("turns", "spaceless", "letters", "common", "tokens", "openings")
BASES = {
    "asked": "user turn after a question of the assistant",
    "conversations asked": "user turn after a question of the assistant",
    "later turns": "second user turn",
    "small words": "user word in small letters",
}
"""Sums of a conversation → what they are called in a complaint."""

Need = Literal["nothing", "English", "words", "capitals"]


# --- from counts to a statistic, or to the reason why there is none ------------------------------------------------


def _prepared(
    columns: Sequence[str], *, level: Level = share, need: Need = "nothing", parts: Sequence[tuple[str, str]] = ()
) -> Callable[[Sample], Statistic | LeftOut]:
    """A `Monitor.prepare` for the level of these columns, the last of which says what it is relative to."""

    def prepare(sample: Sample) -> Statistic | LeftOut:
        counts = user_counts(sample)
        why = _reason(counts, sample.reference, columns[-1], need)
        if why:
            return LeftOut(why)
        base = counts.column(columns[-1])
        shown = tuple((name, np.stack([counts.column(column), base], axis=1)) for name, column in parts)
        told = int((base[: sample.reference] > 0).sum()), int((base[sample.reference :] > 0).sum())
        sums = np.stack([counts.column(column) for column in columns], axis=1)
        return Levels(sums=sums, level=level, n=told, parts=shown)

    return prepare


def _reason(counts: UserCounts, reference: int, base: str, need: Need) -> str:
    """Why there is no figure, "" where there is one."""
    for number, side in enumerate(("reference", "synthetic set")):
        total = {name: counts.sides(name, reference)[number] for name in (*NEEDED, base)}
        if not total["turns"]:
            return f"the {side} has no user turn with words"
        if need in ("English", "words") and total["spaceless"] > SPACELESS * total["letters"]:
            return f"the user turns of the {side} are in a script without spaces between words"
        if need == "English" and total["common"] < ENGLISH * total["tokens"]:
            common = total["common"] / total["tokens"]
            return (
                f"the user turns of the {side} seem not to be English: {common:.0%} of their words are common English "
                f"ones, {ENGLISH:.0%} at least are needed for the lexicon"
            )
        if need == "capitals" and total["openings"] < total["turns"] / 2:
            return f"the user turns of the {side} are mostly in a script without capitals, or open with other signs"
        if not total[base]:
            return f"the {side} has no {BASES.get(base, base)}"
    return ""


def _polite(sample: Sample) -> Statistic | LeftOut:
    """As `_prepared`, explained by the expressions that differ most."""
    plain = _prepared(["polite", "turns"], need="English")(sample)
    if isinstance(plain, LeftOut):
        return plain
    counts = user_counts(sample)
    total: Counter[str] = Counter()
    for one in counts.polite:
        total.update(one)
    often = sorted(total, key=lambda name: (-total[name], name))[:MOST_EXPRESSIONS]
    turns = counts.column("turns")
    columns = {name: np.array([one[name] for one in counts.polite], dtype=np.float32) for name in often}
    parts = tuple((f"“{name}”", np.stack([column, turns], axis=1)) for name, column in columns.items())
    assert isinstance(plain, Levels)
    return Levels(sums=plain.sums, level=plain.level, n=plain.n, parts=parts)


def _monitor(
    name: str, title: str, means: str, prepare: Callable[[Sample], Statistic | LeftOut], unit: str = "ratio"
) -> Monitor:
    return Monitor(
        name=name, family=FAMILY, title=title, means=means, prepare=prepare, side="user", unit=unit, worse="either"
    )


_ODD = [("a letter off a shared word", "slips"), ("odd spelling", "odd spelling")]
_DETAILS = [("numbers", "numbers"), ("names", "names"), ("values of calls", "values")]

MONITORS: tuple[Monitor, ...] = (
    _monitor(
        "user_cooperation",
        "Answers and nothing else",
        "Share of user turns after a question that only answer it: no question back, no correction, no refusal, no "
        "“I don't know”, and not asked the same again.",
        _prepared(["answers", "asked"], need="English", parts=[(why, why) for why in DEVIATIONS]),
    ),
    _monitor(
        "user_never_deviates",
        "Users who never deviate",
        "Share of conversations in which the user does nothing but answer, whatever is asked.",
        _prepared(["never deviates", "conversations asked"], need="English"),
    ),
    _monitor(
        "user_verbosity",
        "Words a user turn",
        "How much users say at once.",
        _prepared(["words", "turns"], need="words"),
        "words",
    ),
    _monitor(
        "user_verbosity_spread",
        "Spread of the length of user turns",
        "Standard deviation of the length of user turns, in doublings; simulated users are often all alike.",
        _prepared(["doublings squared", "doublings", "turns"], level=spread, need="words"),
        "doublings",
    ),
    _monitor(
        "user_politeness",
        "Polite expressions a user turn",
        "How often users say please, thank, apologise or greet, from a short list.",
        _polite,
        "expressions",
    ),
    _monitor(
        "user_hedges",
        "Hedges a user turn",
        "How often users soften what they say (maybe, I think, would you mind), from a short list.",
        _prepared(["hedges", "turns"], need="English"),
        "expressions",
    ),
    _monitor(
        "user_typos",
        "Mistyped words of users",
        "Share of user words in small letters that are a letter off a word which several conversations share, or "
        "spelt oddly; simulated users rarely mistype.",
        _prepared(["mistyped", "small words"], need="words", parts=_ODD),
    ),
    _monitor(
        "user_rare_words",
        "Words that hardly anybody else says",
        "Share of user words in small letters that stand in fewer than three conversations of both sets; simulated "
        "users say what everybody says.",
        _prepared(["rare words", "small words"], need="words"),
    ),
    _monitor(
        "user_fragments",
        "Fragments among user turns",
        "Share of user turns of under three words or without a verb; people answer in fragments.",
        _prepared(["fragments", "turns"], need="English"),
    ),
    _monitor(
        "user_capitals",
        "User turns that open with a capital",
        "Share of user turns that begin as written language does.",
        _prepared(["capitals", "openings"], need="capitals"),
    ),
    _monitor(
        "user_final_marks",
        "User turns with a final mark",
        "Share of user turns that end in a full stop, a question mark or an exclamation mark.",
        _prepared(["final marks", "turns"]),
    ),
    _monitor(
        "user_details",
        "Details a user turn",
        "How many numbers, names and values of calls users tell at once; over all turns.",
        _prepared(["details", "turns"], parts=_DETAILS),
        "details",
    ),
    _monitor(
        "user_details_first",
        "Details in the first user turn",
        "How much users tell before they are asked; simulated users tend to tell everything.",
        _prepared(["first details", "first turns"]),
        "details",
    ),
)
