"""What this user does beside answering: which detail is volunteered, forgotten, corrected or refused, which detour
happens where. Decided once, after a dry walk has shown the places; a level that finds no place makes the scenario
impossible, so that a set never claims a level that its conversations do not show.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Literal

from turnwright.domains import Domain
from turnwright.errors import Impossible
from turnwright.plan.situation import Situation
from turnwright.records import Fact, Fault, Json, seeded

__all__ = ["Behaviour", "Places", "decide_events", "decide_telling"]


MOST_TOLD = 5
"""How many details a user tells in one breath at most."""
WITH_AN_ANSWER = 0.5
"""Share of those who tell some details unasked that do so when they answer a question, not with the request."""
ALL_THE_REST = 0.5
"""Share of these who then tell everything that is left."""
Shared = Literal["volunteered", "asked", "forgotten", "corrected", "refused"]


class Places:
    """What a dry walk met: asked slots (and whether they can be missing), choices, answers, tools called."""

    def __init__(self) -> None:
        self.asked: dict[str, bool] = {}
        self.choices: list[str] = []
        self.answers = 0
        self.calls: list[str] = []


class Behaviour:
    """The decisions, all of them empty for a plain user.

    volunteered: told with the request. along: asked slot → what is told besides when it is answered.
    """

    def __init__(self, facts: dict[str, Json]) -> None:
        self.values = facts
        self.volunteered: tuple[str, ...] = ()
        self.along: dict[str, tuple[str, ...]] = {}
        self.forgotten: str = ""
        self.corrected: str = ""
        self.first_said: Json = None
        self.refused: str = ""
        self.gives_in = True
        self.changes_mind_at: str = ""
        self.digresses_at = self.unclear_at = self.complains_at = self.leaves_at = -1
        self.faults: tuple[Fault, ...] = ()

    def facts(self) -> tuple[Fact, ...]:
        """The facts as the blueprint records them."""
        return tuple(
            Fact(slot=slot, value=value, shared=self._shared(slot), first_said=self._first(slot))
            for slot, value in sorted(self.values.items())
        )

    def _first(self, slot: str) -> Json:
        return self.first_said if slot == self.corrected else None

    def _shared(self, slot: str) -> Shared:
        if slot == self.forgotten:
            return "forgotten"
        if slot == self.corrected:
            return "corrected"
        if slot == self.refused and not self.gives_in:
            return "refused"
        along = any(slot in more for more in self.along.values())
        return "volunteered" if slot in self.volunteered or along else "asked"


def decide_telling(scene: Situation, places: Places, readiness: Mapping[str, float]) -> Behaviour:
    """First decisions: what the user tells, forgets, gets wrong or refuses. They shape the path.

    Args:
        readiness: slot → how readily it is told unasked, where that is known better than the domain says.

    Raises:
        Impossible: a level has no place in this flow.
    """
    levels, rng = scene.scenario.levels, seeded("telling", scene.scenario.seed)
    out = Behaviour(scene.facts)
    _memory(levels.get("memory", "sure"), scene, places, out, rng)
    if levels.get("detour") == "refusal":
        _refusal(scene, places, out, rng)
    ready = {slot: readiness.get(slot, scene.domain.slot(slot).ready) for slot in places.asked}
    _disclosure(levels.get("disclosure", "asked"), scene.domain, places, out, rng, ready)
    return out


def decide_events(scene: Situation, places: Places, out: Behaviour) -> Behaviour:
    """Second decisions: what happens along the path as it now runs (detours, anger, tool failures).

    Raises:
        Impossible: a level has no place on this path.
    """
    levels, rng = scene.scenario.levels, seeded("events", scene.scenario.seed)
    _detour(levels.get("detour", "none"), scene, places, out, rng)
    if levels.get("mood") == "angry":
        cut_short = levels.get("detour") in ("abandon", "change_of_mind", "refusal")
        out.complains_at = 0 if cut_short else rng.randrange(max(1, min(3, places.answers)))
    _fault(levels.get("tool_fault", "none"), places, out, rng)
    return out


def _no_place(factor: str, level: str, why: str) -> Impossible:
    return Impossible("no_place", f"{factor}={level} finds no place: {why}")


def _memory(level: str, scene: Situation, places: Places, out: Behaviour, rng: random.Random) -> None:
    held = [slot for slot in places.asked if slot in scene.facts]
    if level == "forgets":
        can_miss = [slot for slot in held if places.asked[slot]] or (held if scene.domain.spec.behaviour.cannot else [])
        if not can_miss:
            raise _no_place("memory", level, "nothing is asked that the user could have forgotten")
        out.forgotten = rng.choice(can_miss)
    elif level == "corrects":
        wrong = {slot: _wrong(scene.domain, slot, scene.facts[slot], rng) for slot in held}
        choices = [slot for slot, value in wrong.items() if value is not None]
        if not choices:
            raise _no_place("memory", level, "nothing is asked that could be said wrong at first")
        out.corrected = rng.choice(choices)
        out.first_said = wrong[out.corrected]


def _detour(level: str, scene: Situation, places: Places, out: Behaviour, rng: random.Random) -> None:
    behaviour = scene.domain.spec.behaviour
    if level in ("digression", "repair", "abandon") and places.answers < 1:
        raise _no_place("detour", level, "the user has no turn after the first")
    if level == "digression":
        if not (scene.domain.spec.documents and behaviour.answer):
            raise _no_place("detour", level, "the domain has no documents")
        out.digresses_at = rng.randrange(places.answers)
    elif level == "repair":
        if not behaviour.repeat:
            raise _no_place("detour", level, "the domain has no act that asks to repeat")
        out.unclear_at = rng.randrange(places.answers)
    elif level == "abandon":
        out.leaves_at = rng.randrange(places.answers)
    elif level == "change_of_mind":
        if not places.choices:
            raise _no_place("detour", level, "nothing is left to the user's choice")
        out.changes_mind_at = rng.choice(places.choices)


def _refusal(scene: Situation, places: Places, out: Behaviour, rng: random.Random) -> None:
    behaviour = scene.domain.spec.behaviour
    held = [slot for slot in places.asked if slot in scene.facts and slot not in (out.forgotten, out.corrected)]
    if not held or not behaviour.need:
        raise _no_place("detour", "refusal", "no detail is asked that could be refused")
    out.refused = rng.choice(held)
    out.gives_in = rng.random() < 0.7 or not (places.asked[out.refused] or behaviour.cannot)


def _disclosure(
    level: str, domain: Domain, places: Places, out: Behaviour, rng: random.Random, ready: Mapping[str, float]
) -> None:
    """What is told before it is asked: some details with the request or an answer, or all that people say unasked."""
    taken = (out.forgotten, out.corrected, out.refused)
    free = [slot for slot in places.asked if slot in out.values and slot not in taken and domain.slot(slot).early]
    # Efraimidis and Spirakis 2006: the k largest of u^(1/w) are a weighted sample of k
    keys = {slot: rng.random() ** (1 / max(ready[slot], 1e-6)) for slot in free}
    first = sorted(free, key=lambda slot: (-keys[slot], slot))
    if level == "some" and free:
        if rng.random() < WITH_AN_ANSWER and len(free) > 1:
            at = rng.randrange(len(free) - 1)
            later = free[at + 1 :]
            told = later if rng.random() < ALL_THE_REST else [slot for slot in first if slot in later][:1]
            out.along = {free[at]: _in_order(told, free)}
        else:
            out.volunteered = _in_order(first[: rng.choice((1, 1, 2))], free)
    elif level == "eager" and free:
        told = [slot for slot in first if rng.random() < ready[slot]]
        out.volunteered = _in_order(told[:MOST_TOLD] or first[:1], free)


def _in_order(chosen: list[str], free: list[str]) -> tuple[str, ...]:
    """The chosen slots in the order in which they would be asked."""
    return tuple(slot for slot in free if slot in chosen)


def _fault(level: str, places: Places, out: Behaviour, rng: random.Random) -> None:
    if level == "none":
        return
    if not places.calls:
        raise _no_place("tool_fault", level, "no tool is called")
    tool = rng.choice(sorted(set(places.calls)))
    out.faults = (Fault(tool=tool, nth=1, kind=level),)  # type: ignore[arg-type]


def _wrong(domain: Domain, slot: str, value: Json, rng: random.Random) -> Json:
    """A wrong value of the same kind: a declared one, or one digit changed; None when none can be made."""
    declared = [item for item in domain.slot(slot).wrong if item != value]
    if declared:
        return rng.choice(declared)
    text = str(value)
    places = [index for index, letter in enumerate(text) if letter.isdigit()]
    if not places or isinstance(value, bool | float):
        return None
    at = places[-1] if len(places) < 2 else rng.choice(places[1:])
    changed = text[:at] + str((int(text[at]) + rng.randint(1, 8)) % 10) + text[at + 1 :]
    return int(changed) if isinstance(value, int) else changed
