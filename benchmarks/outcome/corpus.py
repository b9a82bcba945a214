"""STAR as the benchmark reads it: pool, test, domains, the few that an arm may see, and the corpus's names of acts.

Read once a process. Generators get domains made from tasks/ and apis/ alone; the few go to arms that say so. The
test goes to nothing but the students' examination.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from turnwright.domains.importers import IMPORTERS
from turnwright.reading import Decision, Example, ExampleSet, decisions, read_set
from turnwright.train.curve import take

__all__ = ["Star", "called", "names_in", "renamed", "require_star"]

FILES = ("tasks", "apis", "train.jsonl", "test.jsonl")
QUERY = "query"
"""STAR labels every call with this act, so every call of every set counts as it, whatever the set calls it."""
LEAST_USES = 10
"""A reply that the pool has more seldom does not tell what the corpus calls it."""


def require_star(folder: Path) -> None:
    """Leave in one line where the data is not there."""
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise SystemExit(
            f"outcome: {folder} has no {', '.join(missing)}; name the folder of STAR with tasks/, apis/, train.jsonl "
            "and test.jsonl (by default ../shared/data/star)"
        )


@dataclass(frozen=True)
class Star:
    """The data. folder: of STAR. out: where imported domains are kept."""

    folder: Path
    out: Path

    @cached_property
    def pool(self) -> ExampleSet:
        return read_set([self.folder / "train.jsonl"], name="pool")

    @cached_property
    def test(self) -> ExampleSet:
        return read_set([self.folder / "test.jsonl"], name="test")

    @cached_property
    def points(self) -> list[Decision]:
        """The decisions of the test."""
        return decisions(self.test.examples)

    @property
    def domains(self) -> list[Path]:
        """The ten domain folders in order of name; imported at the first call."""
        home = self.out / "domains"
        if not home.exists():
            made = home.with_name("domains.new")
            IMPORTERS["star"](self.folder, made)
            made.rename(home)
        return sorted(path for path in home.iterdir() if path.is_dir())

    def few(self, count: int, seed: int) -> list[Example]:
        """The real conversations that an arm may see with this generation seed: a draw of the learning curve."""
        return take(self.pool.examples, count, seed - 1)

    def write_few(self, count: int, seed: int, path: Path) -> Path:
        """Write them to a file, as they stand in the pool."""
        names = {one.name for one in self.few(count, seed)}
        lines = (self.folder / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line for line in lines if json.loads(line)["id"] in names), encoding="utf-8")
        return path

    @cached_property
    def replies(self) -> dict[str, dict[str, str]]:
        """Task → act → the reply of the schema."""
        found = {}
        for path in self.domains:
            schema = json.loads((self.folder / "tasks" / f"{path.name}.json").read_text(encoding="utf-8"))
            texts = schema["replies"]
            found[path.name] = {act: each if isinstance(each, str) else each[0] for act, each in texts.items()}
        return found

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """The corpus's names for acts, from labels of the whole pool: no part of an arm, only of a second figure."""
        return names_in(self.pool.examples, self.replies, least=LEAST_USES)


def names_in(examples: Sequence[Example], replies: dict[str, dict[str, str]], least: int) -> dict[str, dict[str, str]]:
    """Task → act of its schema → what these conversations call it, where no label for its reply is the schema's.

    By equal reply text; least: labels that a reply must have.
    """
    used: dict[tuple[str, str], Counter[str]] = {}
    for one in examples:
        for turn in one.turns:
            if turn.role == "assistant" and turn.act:
                used.setdefault((one.task, _plain(turn.text)), Counter())[turn.act] += 1
    found: dict[str, dict[str, str]] = {}
    for task, acts in replies.items():
        for act, text in acts.items():
            counted = used.get((task, _plain(text)), Counter())
            if counted.total() >= least and act not in counted:
                found.setdefault(task, {})[act] = min(counted, key=lambda name: (-counted[name], name))
    return found


def called(examples: Sequence[Example]) -> list[Example]:
    """The same conversations, every call labelled as STAR labels it."""
    return [
        _with_acts(one, [QUERY if turn.call else turn.act for turn in one.turns])
        if any(turn.call for turn in one.turns)
        else one
        for one in examples
    ]


def renamed(examples: Sequence[Example], names: dict[str, dict[str, str]]) -> list[Example]:
    """The same conversations with the corpus's names for acts (see `Star.names`)."""
    return [
        _with_acts(one, [names[one.task].get(turn.act, turn.act) for turn in one.turns]) if one.task in names else one
        for one in examples
    ]


def _with_acts(example: Example, acts: Sequence[str]) -> Example:
    turns = tuple(msgspec.structs.replace(turn, act=act) for turn, act in zip(example.turns, acts, strict=True))
    return msgspec.structs.replace(example, turns=turns)


def _plain(text: str) -> str:
    """Letters alone, so that punctuation does not part what is the same reply."""
    return re.sub(r"[^a-z ]", "", text.lower()).strip()
