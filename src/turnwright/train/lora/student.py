"""The lora student: a small language model with an adapter that learnt to say `[act] words` and `[act] call`.

It predicts acts by scoring all that it knows at every place, and it can speak in a live talk. How it learnt stands in
`fit` and `prefer`, how it is kept in `keeping`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import msgspec
import numpy as np

from turnwright.reading import Decision
from turnwright.records import Json
from turnwright.train.lora.base import Tongue, fold
from turnwright.train.lora.encoding import Encoder, Turn, Window
from turnwright.train.lora.scoring import Fork, Run, forks_of, run, scores_of
from turnwright.train.lora.settings import LoraSettings
from turnwright.train.lora.speaking import continued
from turnwright.train.lora.wording import (
    CALL_END,
    Tools,
    begun_call,
    call_of,
    declared,
    finished_call,
    opening,
    read_back,
    task_of,
)
from turnwright.train.student import Array, Predictions

__all__ = ["Known", "LoraStudent"]

MOST_SAID = 160
"""Tokens of an answer in a live talk."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a student is besides weights. base, sha256: the base model's name and hash.

    learnt: hash of the set. pairs: hash of the preference pairs, "" for none. calls: task ("" for all) → act → tool.
    tools: task → tool → arguments. legal, seen: see `Student`.
    """

    base: str
    sha256: str
    settings: LoraSettings
    learnt: str
    acts: tuple[str, ...]
    legal: dict[str, tuple[str, ...]]
    calls: dict[str, dict[str, str]]
    tools: dict[str, Tools]
    seen: tuple[str, ...]
    pairs: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """What is said to one decision."""

    chances: Array
    tool: str
    arguments: dict[str, Json] | None


class LoraStudent:
    """See `Student`. known: what it is; tongue: the model that speaks with its adapter."""

    name = "lora"

    def __init__(self, known: Known, tongue: Tongue) -> None:
        self.known, self.tongue = known, tongue
        self.encoder = Encoder(tongue.tokenizer, known.settings.context)
        self._trees: dict[tuple[str, ...], Fork] = {}
        self._folding = Lock()

    @property
    def acts(self) -> tuple[str, ...]:
        """The acts that it can predict, sorted."""
        return self.known.acts

    @property
    def legal(self) -> dict[str, tuple[str, ...]]:
        """Task → acts that it saw there."""
        return self.known.legal

    @property
    def seen(self) -> frozenset[str]:
        """Marks of the conversations that it learnt from."""
        return frozenset(self.known.seen)

    def predict(self, points: Sequence[Decision]) -> Predictions:
        """Predict acts, and tools through the acts that call them; arguments where `call_tokens` allows it.

        A conversation is read once for all of its decisions, up to the context.
        """
        self._listen()
        said: dict[int, _Answer] = {}
        for rows in _by_conversation(points).values():
            example = points[rows[0]].example
            wanted = {points[row].place: row for row in rows}
            for window in self.encoder.windows(example, self.known.tools.get(example.task, {})):
                said.update(self._answers(window, wanted, example.task))
        answers = [said[row] for row in range(len(points))]
        return Predictions(
            chances=np.array([one.chances for one in answers]).reshape(len(answers), len(self.acts)),
            calls=tuple(one.tool for one in answers),
            arguments=tuple(one.arguments for one in answers) if self.known.settings.call_tokens else None,
        )

    def reply(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Json]], *, seed: int = 0,
              temperature: float = 0.0, most: int = MOST_SAID) -> str:  # fmt: skip
        """Answer the last message of a chat, with `[act] words` or `[act] <tool_call>{...}</tool_call>`.

        The act is chosen among those that are legal in the task, words are free. Equal arguments give equal answers.

        Args:
            messages: as OpenAI writes them; what the assistant said should begin with `[act]`. A system message is
                left out, since the student never learnt from one. tools: as OpenAI declares them.
            temperature: 0 always takes the most probable; otherwise acts and words are drawn with this seed.
            most: tokens of the answer.
        """
        self._listen()
        own = declared(tools)
        task = task_of(own, self.known.tools)
        turns = [Turn("system", opening(task, own)), *map(_heard, (m for m in messages if m["role"] != "system"))]
        tokens = [*self.encoder.asked(turns), *self.encoder.open]
        acts = self.legal.get(task) or self.acts
        ran = run(self.tongue, tokens, [len(tokens) - 1])
        chances = scores_of(self.tongue, ran, [len(tokens) - 1], self._tree(acts), len(acts))[0]
        act = acts[_drawn(chances, temperature, seed)]
        begun = [*tokens, *self.encoder.act(act)]
        said = self._said(ran, begun, most, temperature=temperature, seed=seed)
        return f"[{act}]{said.rstrip()}"

    def _listen(self) -> None:
        """Make the model ready to answer."""
        with self._folding:  # live talks ask from several threads
            self.tongue.model.eval()
            fold(self.tongue)

    def _answers(self, window: Window, wanted: Mapping[int, int], task: str) -> Iterator[tuple[int, _Answer]]:
        """The rows of the decisions that are made in this window, from the last one back."""
        made = [(place.token, wanted[place.turn]) for place in window.places if place.turn in wanted]
        if not made:
            return
        places = [token for token, _ in made]
        ran = run(self.tongue, window.tokens, places)
        chances = scores_of(self.tongue, ran, places, self._tree(self.acts), len(self.acts))
        for (token, row), each in reversed(list(zip(made, chances, strict=True))):
            act = self.acts[int(each.argmax())]
            tool = self._tool(task, act)
            arguments = None
            if tool and self.known.settings.call_tokens:  # what is written cuts off what the run had after it
                begun = [*window.tokens[: token + 1], *self.encoder.act(act)]
                arguments = self._arguments(ran, begun, tool)
            yield row, _Answer(each, tool, arguments)

    def _arguments(self, ran: Run, tokens: Sequence[int], tool: str) -> dict[str, Json] | None:
        begun = f" {begun_call(tool)}"
        said = self._said(ran, [*tokens, *self.encoder.words(begun)], self.known.settings.call_tokens, end=CALL_END)
        call = call_of(f"{begun}{said}")
        return call.arguments if call else None

    def _said(self, ran: Run, tokens: Sequence[int], most: int, **how: Any) -> str:
        return continued(self.tongue, ran, tokens, most, stops=self.encoder.stops, **how)

    def _tool(self, task: str, act: str) -> str:
        return self.known.calls.get(task, {}).get(act) or self.known.calls.get("", {}).get(act, "")

    def _tree(self, acts: tuple[str, ...]) -> Fork:
        if acts not in self._trees:
            self._trees[acts] = forks_of([self.encoder.act(act) for act in acts])
        return self._trees[acts]


def _by_conversation(points: Sequence[Decision]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, point in enumerate(points):
        rows.setdefault(point.conversation, []).append(row)
    return rows


def _heard(message: Mapping[str, Any]) -> Turn:
    text = str(message.get("content") or "")
    if message["role"] != "assistant":
        return Turn(str(message["role"]), text)
    called = next(iter(message.get("tool_calls") or ()), None)
    if called:
        text += finished_call(begun_call(called["function"]["name"]), called["function"]["arguments"])
    return Turn("assistant", text, read_back(text))


def _drawn(chances: Array, temperature: float, seed: int) -> int:
    if temperature <= 0:
        return int(chances.argmax())
    sharper = chances ** (1 / temperature)
    return int(np.random.default_rng(seed).choice(len(chances), p=sharper / sharper.sum()))
