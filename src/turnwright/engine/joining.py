"""Conversations of people that join a set: each turn with its origin and source, as model turns have theirs.

A mix is read by students, who need words and weights; what its turns are and where they were taken from stands in a
file beside it, line by line. People's conversations are screened for personal data, and what was found is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import msgspec

from turnwright.engine.rollups import rollup_of
from turnwright.errors import InputError
from turnwright.export.kept import origins
from turnwright.reading import Example, Said, Sourced, line_from
from turnwright.reading.pii import screen
from turnwright.records import Conversation, Json, Origin, Provenance, ToolCall, ToolResult, Turn, content_id
from turnwright.records.provenance import HumanSource
from turnwright.store import Run, read_run

__all__ = ["Sources", "joined", "line_with_source", "pii_told", "provenance_beside", "provenance_lines", "sources_of"]

HUMAN = ("human", "human-edited")
RUN_FILE = "run.db"
WAY = "joined"
"""The way of conversations that nobody simulated."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the conversations of a mix were taken from.

    people: by what their conversations say, which mixing leaves as it is. runs: by the ids of what they admitted.
    """

    people: dict[str, Sourced]
    runs: dict[str, Sourced]

    def of(self, example: Example) -> Sourced | None:
        """The source of a conversation, None where nobody tells."""
        return self.people.get(_words_id(example)) if example.human else self.runs.get(example.name)


def joined(example: Example, sourced: Sourced, *, consent: str = "") -> Conversation:
    """People's conversation as a record; turns of which nobody says who wrote them count as theirs.

    Args:
        consent: a note on their consent, kept with every turn.
    """
    source = HumanSource(
        dataset=sourced.source,
        licence=sourced.licence,
        record=sourced.record,
        pii=pii_told(example),
        consent=consent,
    )
    turns = tuple(_turn(number, turn, source) for number, turn in enumerate(example.turns))
    return Conversation(scenario_id="", blueprint_id="", domain=example.task, way=WAY, turns=turns)


def pii_told(example: Example) -> str:
    """What the screen for personal data finds in a conversation: `none found`, or counts of what stays in it."""
    kinds = screen([example]).kinds
    counted = ", ".join(f"{one.found} {kind.replace('_', ' ')}" for kind, one in kinds.items())
    return f"kept: {counted}" if counted else "none found"


def sources_of(sets: Iterable[Path], people: Iterable[tuple[Example, Sourced]]) -> Sources:
    """Sources of synthetic sets and of people's conversations; of a run, the worst-case licence of all of it.

    Sets that are no runs do not tell what their conversations were made from.
    """
    runs: dict[str, Sourced] = {}
    for path in sets:
        if (path / RUN_FILE).exists():
            with read_run(path) as run:
                licence = rollup_of(run).worst.licence
                for one in run.records.admissions(admitted=True):
                    id_ = one.conversation_id
                    runs[id_] = Sourced(name=id_, source=f"run {path.name}", licence=licence, record=id_)
    return Sources(people={_words_id(example): sourced for example, sourced in people}, runs=runs)


def line_with_source(example: Example, sources: Sources) -> dict[str, Json]:
    """The line of a mix with source, licence and record, as readers of sets take them."""
    line, sourced = line_from(example), sources.of(example)
    if sourced is None:
        return line
    return {**line, "source": sourced.source, "licence": sourced.licence, "record": sourced.record}


def provenance_beside(path: Path) -> Path:
    """Where the provenance of a mix stands."""
    return path.with_name(path.name.removesuffix(".jsonl") + ".provenance.jsonl")


def provenance_lines(
    examples: Iterable[Example], sets: Sequence[Path], sources: Sources, *, consent: str = ""
) -> Iterator[dict[str, Json]]:
    """The provenance of every conversation of a mix, in the order of its lines.

    Conversations of a run are told as the run has them; of other files, with the origins that they tell.

    Args:
        sets: where the synthetic conversations were read. sources: of these and of people's.
    """
    with ExitStack() as stack:
        runs = [stack.enter_context(read_run(path)) for path in sets if (path / RUN_FILE).exists()]
        for example in examples:
            sourced = sources.of(example) if example.human else None
            conversation = joined(example, sourced, consent=consent) if sourced else _of_runs(example.name, runs)
            yield {"id": example.name, "turns": origins(conversation.turns) if conversation else _told(example)}


def _of_runs(name: str, runs: Iterable[Run]) -> Conversation | None:
    for run in runs if name.startswith("cv_") else ():
        try:
            found = run.records.find(name)
        except InputError:
            continue
        if isinstance(found, Conversation):
            return found
    return None


def _told(example: Example) -> list[dict[str, Json]]:
    return [
        {"message": number, "role": turn.role, "acts": list(turn.labels), "origin": turn.origin}
        for number, turn in enumerate(example.turns)
    ]


def _turn(number: int, turn: Said, source: HumanSource) -> Turn:
    if turn.role == "tool":
        result = ToolResult(call_id=f"call_{number}", name="", content=turn.text)
        return Turn(role="tool", result=result, provenance=Provenance(origin="tool"), trainable=False)
    origin: Origin = turn.origin if turn.origin in get_args(Origin) else "human"  # type: ignore[assignment]
    call = turn.call
    return Turn(
        role=turn.role,
        text=turn.text,
        acts=turn.labels,
        call=ToolCall(id=f"call_{number}", name=call.name, arguments=call.arguments or {}) if call else None,
        provenance=Provenance(origin=origin, source=source if origin in HUMAN else None),
        trainable=turn.trainable,
    )


def _words_id(example: Example) -> str:
    return content_id("wd", [example.name, [[turn.role, turn.text] for turn in example.turns]])
