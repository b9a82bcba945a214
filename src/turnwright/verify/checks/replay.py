"""Replay: the recorded results and the end state are what the domain's tools give when they are run again."""

from __future__ import annotations

from collections.abc import Iterable

from turnwright.domains import World
from turnwright.records import Change, Conversation, Defect, Json, Step, Turn
from turnwright.verify.check import Check
from turnwright.verify.checks.gold import is_free_text

__all__ = ["Replay"]

_SHOWN = 3


class Replay(Check):
    """Opens the conversation's world, runs its calls, and compares results and end state."""

    name = "replay"
    kinds = ("wrong_tool_result", "wrong_end_state")

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        blueprint = self.context.blueprint
        if self.context.settings.replay == "changed" and _trace(conversation.turns) == _trace(blueprint.steps):
            return
        world = self._world()
        toolbox = self.context.domain.toolbox(world, blueprint.faults)
        for index, turn in enumerate(conversation.turns):
            if turn.call is None:
                continue
            again = toolbox.run(turn.call)
            recorded = conversation.turns[index + 1].result if index + 1 < len(conversation.turns) else None
            if recorded is None or (again.content, again.error) != (recorded.content, recorded.error):
                shown = (recorded.error or recorded.content) if recorded else None
                evidence = f"{again.name} gives {again.error or again.content}, recorded is {shown}"
                yield self.defect("wrong_tool_result", (index, index + 1) if recorded else index, evidence)
        if blueprint.end_hash and world.hash() != blueprint.end_hash:
            yield from self._end_state(conversation, world)

    def _world(self) -> World:
        return self.context.domain.open_world(self.context.blueprint.world_seed, self.context.blueprint.setup)

    def _end_state(self, conversation: Conversation, world: World) -> Iterable[Defect]:
        changes = {(c.table, c.key, c.field): c for c in world.diff(self._world().tables)}
        planned = {(c.table, c.key, c.field): c for c in self.context.blueprint.changes}
        cells = [self._cell(changes.get(cell), planned.get(cell)) for cell in sorted(changes.keys() | planned.keys())]
        shown = [cell for cell in cells if cell]
        if not shown and cells:
            return
        more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        evidence = "; ".join(shown[:_SHOWN]) + more or "the start of the world differs from the blueprint's"
        yield self.defect("wrong_end_state", len(conversation.turns) - 1, evidence)

    def _cell(self, change: Change | None, planned: Change | None) -> str:
        """How one cell differs from the plan; empty when it does not, or only in the wording of free text."""
        known = change or planned
        if known is None or change == planned:
            return ""
        name = ".".join(part for part in (known.table, known.key, known.field) if part)
        if change is None:
            return f"{name} should have become {known.value!r}"
        if planned is None:
            return f"{name} became {change.value!r}"
        fewest = self.context.settings.free_text
        if self.context.way != "fill" and _alike(change.value, planned.value, fewest):
            return ""
        return f"{name} became {change.value!r}, planned was {planned.value!r}"


def _trace(turns: Iterable[Turn | Step]) -> list[Json]:
    """What was called and what came back, in order."""
    trace: list[Json] = []
    for turn in turns:
        if turn.call is not None:
            trace.append((turn.call.name, turn.call.arguments))
        elif turn.result is not None:
            trace.append((turn.result.content, turn.result.error))
    return trace


def _alike(value: object, planned: object, fewest: int) -> bool:
    """Equal, but for running text."""
    if isinstance(value, dict) and isinstance(planned, dict):
        return value.keys() == planned.keys() and all(_alike(value[key], planned[key], fewest) for key in value)
    return value == planned or (is_free_text(value, fewest) and is_free_text(planned, fewest))
