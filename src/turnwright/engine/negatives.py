"""Hard negatives of a run, written as preference training reads them: the lines of the export format `preference`.

Which turns make a pair is decided in `train.negatives`. Only scenarios of the training split are written, so that
what was held out stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from turnwright.domains import Domain
from turnwright.engine.spec import Spec
from turnwright.errors import InputError
from turnwright.export import split_of
from turnwright.export.kept import origin, origins
from turnwright.export.openai_chat import opening
from turnwright.export.trl import tools_column, trl_messages
from turnwright.records import Json, Turn
from turnwright.store import write_jsonl
from turnwright.train import Negative, negatives
from turnwright.train.negatives import Same

__all__ = ["negative_line", "write_negatives"]


def write_negatives(
    run_folder: Path, domain: Domain, spec: Spec, path: Path, *, split: str = "train", same: Same = "words"
) -> list[Negative]:
    """Write the pairs of a run to `path` and return them; without a pair nothing is written.

    Args:
        split: whose scenarios are taken, by the spec's splits; "" takes all. same: see `negatives`.

    Raises:
        InputError: there is no such split, or `path` is there already.
        RunFolderError: there is no run in this folder.
    """
    splits = spec.export.splits
    if split and split not in splits:
        raise InputError(f"the spec has no split '{split}'", fix=f"one of: {', '.join(splits)}")
    if path.exists():
        raise InputError("this file is there already, and is not overwritten", where=str(path), fix="name a new file")
    pairs = [
        pair
        for pair in negatives(run_folder, same)
        if not split or split_of(pair.scenario, splits, spec.export.split_by) == split
    ]
    lines = [line for pair in pairs for line in negative_line(pair, domain, spec)]
    if lines:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(path, lines)
    return pairs


def negative_line(pair: Negative, domain: Domain, spec: Spec) -> Iterator[dict[str, Json]]:
    """The line of a pair; none where nothing at all stands before it, since trainers cannot read an empty prompt."""
    settings = spec.export
    first = len(opening(domain, settings))
    if pair.prompt or first:
        line: dict[str, Json] = {
            "prompt": trl_messages(pair.prompt, domain, settings),
            "chosen": [_message(pair.chosen)],
            "rejected": [_message(pair.rejected)],
            "tools": tools_column(domain),
        }
        yield {**line, "metadata": _told(pair, first)} if settings.with_metadata else line


def _message(turn: Turn) -> dict[str, Json]:
    return {"role": turn.role, "content": turn.text}


def _told(pair: Negative, first: int) -> dict[str, Json]:
    return {
        "id": pair.conversation_id,
        "scenario_id": pair.scenario.id,
        "turn": pair.turn,
        "defects": list(pair.defects),
        "found_by": list(pair.found_by),
        "from": pair.origin,
        "same": pair.same,
        "rejected_id": pair.rejected_id,
        "turns": origins(pair.prompt, first),
        "chosen": origin(pair.chosen),
        "rejected": origin(pair.rejected),
    }
