"""Small conversations with known acts, for the tests of students."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from turnwright.reading import Called, Example, ExampleSet, Said

REFERENCE = Path(__file__).parents[2] / "shared" / "data" / "star"
needs_star = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs the reference data in ../shared/data/star")

WORDS = {
    "ask_name": ("hello, I need help with my account", "good morning, something is wrong with my card"),
    "ask_pin": ("my name is Jane Doe", "it is John, John Smith"),
    "query": ("the number is 1234", "pin 8876, I think"),
    "goodbye": ("thanks, that was all", "no, nothing else, bye"),
}
ROUTES = (("ask_name", "ask_pin", "query", "goodbye"), ("ask_name", "query", "goodbye"), ("ask_pin", "query"))


def example(name: str, *acts: str, task: str = "bank", seed: int = 0, happy: bool | None = None) -> Example:
    """A conversation in which the user's words tell the next act, most of the time."""
    chance = random.Random(f"{name}:{seed}")
    turns: list[Said] = []
    for act in acts:
        shown = act if chance.random() < 0.8 else chance.choice(sorted(WORDS))
        number = chance.randrange(10_000)
        turns.append(
            Said(role="user", text=f"{chance.choice(WORDS.get(shown, (f'{shown} please',)))} {number}", origin="human")
        )
        call = Called(name="look_up", arguments={"pin": number}) if act == "query" else None
        turns.append(Said(role="assistant", text="" if call else act, act=act, call=call, origin="model"))
        if call:
            turns.append(Said(role="tool", text=json.dumps({"item": {"Message": "Found"}})))
    return Example(name=name, task=task, turns=tuple(turns), happy=happy)


def population(count: int, seed: int = 0, name: str = "p") -> ExampleSet:
    """Conversations of one kind; every third is an unhappy one, every second of another task."""
    made = [
        example(f"{name}/{n}", *ROUTES[n % 3], task=("bank", "shop")[n % 2], seed=seed, happy=n % 3 != 1)
        for n in range(count)
    ]
    return ExampleSet(examples=tuple(made), sources=(f"{name}.jsonl",))


def line(one: Example) -> dict[str, Any]:
    """The conversation as a line of a reference file."""
    turns = []
    for turn in one.turns:
        row: dict[str, Any] = {"role": turn.role, "text": turn.text, "origin": turn.origin}
        if turn.act:
            row["act"] = turn.act
        if turn.call:
            row["service_call"] = {"name": turn.call.name, "arguments": turn.call.arguments}
        turns.append(row)
    return {"id": one.name, "tasks": [one.task], "happy": one.happy, "turns": turns}


def written(path: Path, lines: Iterable[Any]) -> Path:
    """A JSONL file of these values; texts are written as they are."""
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    return path


def population_file(path: Path, count: int, seed: int = 0, name: str = "p") -> Path:
    """A reference file with a population."""
    return written(path, map(line, population(count, seed, name).examples))
