"""What each conversation shows of how people open, tell, go through the steps and close: observations, one by one.

Every function returns name → 1 or 0 (or a share between) for what this conversation could show; what it could not show
is left out and does not count. Estimating from them is done elsewhere.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from turnwright.habits.chart import Chart
from turnwright.habits.corpus import Aligned, folded

__all__ = ["CLOSINGS", "STEPS", "closings", "steps", "telling"]

CLOSINGS = {
    "user_opens": "the user states the goal at once, and no greeting by the assistant comes first",
    "asks_for_more": "the assistant asks whether there is anything else before the goodbye",
    "farewell": "the user says something after the assistant's goodbye",
    "farewell_returned": "the assistant then says goodbye once more",
    "unfinished": "the conversation got to a call and has no goodbye",
}
"""Settings of `plan` that conversations show, and what happened where they say 1."""
STEPS = {
    "question_skipped": "a call was made without a detail that it takes, neither asked for nor told",
    "question_repeated": "the same question was put again",
    "call_repeated": "the same call was made again with nothing new said in between",
    "repair": "the assistant said that it did not understand",
}
"""What agents do with steps; nothing draws from these."""


def closings(one: Aligned, chart: Chart) -> dict[str, float]:
    """Opening and closing."""
    seen: dict[str, float] = {}
    if chart.greet and not chart.begins and one.acts:
        seen["user_opens"] = float(one.acts[0] != chart.greet)
    if not chart.goodbye or not one.acts:
        return seen
    ends = one.first(chart.goodbye)
    if _called(one):
        seen["unfinished"] = float(ends == len(one.turns))
    if ends == len(one.turns):
        return seen
    if chart.close:
        seen["asks_for_more"] = float(one.first(chart.close) < ends)
    after = [turn for turn in one.turns[ends + 1 :] if turn.role == "user"]
    seen["farewell"] = float(bool(after))
    if after:
        seen["farewell_returned"] = float(one.acts.count(chart.goodbye) > 1)
    return seen


def telling(one: Aligned, chart: Chart) -> dict[str, float]:
    """Slot → whether the user told it before being asked.

    Where the value of the call's argument is known it must stand in the user's words; where it is not, a question that
    was never put counts as told. A detail that was neither said nor asked shows nothing: the agent made it up.
    """
    if not _called(one):
        return {}
    call = next(place for place, turn in enumerate(one.turns) if turn.call is not None)
    known = one.turns[call].call is not None and any(turn.call and turn.call.arguments for turn in one.turns)
    seen: dict[str, float] = {}
    for slot, argument in chart.takes.items():
        if slot not in chart.asks:
            continue
        asked = one.first(chart.asks[slot])
        told = _told(one, one.values.get(argument, "")) if known else (0 if asked > call else len(one.turns))
        if min(told, asked) < len(one.turns) and (argument in one.values or not known):
            seen[slot] = float(told < asked)
    return seen


def steps(one: Aligned, chart: Chart) -> dict[str, float]:
    """What the agent did with the steps; also `ACT skipped` and `ACT repeated` for every asking act."""
    seen: dict[str, float] = {}
    if not one.acts:
        return seen
    counts = Counter(one.acts)
    repeated = {act: float(counts[act] > 1) for act in chart.asks.values() if counts[act]}
    if repeated:
        seen["question_repeated"] = max(repeated.values())
    if chart.repeat:
        seen["repair"] = float(counts[chart.repeat] > 0)
    if _called(one):
        skipped = {chart.asks[slot]: _skipped(one, slot, chart) for slot in chart.takes if slot in chart.asks}
        if skipped:
            seen["question_skipped"] = max(skipped.values())
        seen["call_repeated"] = float(_called_again(one))
        seen |= {f"{act} skipped": value for act, value in skipped.items()}
    return seen | {f"{act} repeated": value for act, value in repeated.items()}


def _called(one: Aligned) -> bool:
    return any(turn.call is not None for turn in one.turns)


def _told(one: Aligned, value: str) -> int:
    """Place of the first user turn that says the value; the number of turns where none does."""
    wanted = folded(value)
    places = (
        place
        for place, turn in enumerate(one.turns)
        if turn.role == "user" and wanted and f" {wanted} " in f" {folded(turn.text)} "
    )
    return next(places, len(one.turns))


def _skipped(one: Aligned, slot: str, chart: Chart) -> float:
    unasked = one.first(chart.asks[slot]) == len(one.turns)
    return float(unasked and _told(one, one.values.get(chart.takes[slot], "")) == len(one.turns))


def _called_again(one: Aligned) -> bool:
    """Two calls of the same tool with nothing by the user between them."""
    spoken = [turn for turn in one.turns if turn.role == "user" or turn.call is not None]
    return any(a.call and b.call and a.call.name == b.call.name for a, b in pairwise(spoken))
