"""Conversations as tokens: on the chat template of the base, with a mark on every token that is learnt.

The template is asked once for what stands between messages, and each message is put into tokens by itself. So the
place of every act is known, and nothing that a message says can be read as the end of a turn: letters that spell a
special token stay letters. Of a conversation that is longer than the context, the oldest turns are cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from jinja2 import TemplateError

from turnwright.reading import Example, Said
from turnwright.train.lora.wording import Spoken, opening, spoken

__all__ = ["PLAIN", "Encoder", "Place", "Turn", "Window", "turns_of"]

PLAIN = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
)
"""ChatML: taken where a base has no chat template, or one that does not take system and tool turns."""
_MARK = "\u0011{}\u0012"
_PROBE = ("system", "user", "assistant", "user", "assistant", "tool", "assistant", "assistant", "user", "assistant")


class Turn(msgspec.Struct, frozen=True):
    """One message. said: what an assistant says, None of others. number: of the turn in its conversation, -1 of none.

    learnt: whether the student learns to say it.
    """

    role: str
    text: str
    said: Spoken | None = None
    number: int = -1
    learnt: bool = False


class Place(msgspec.Struct, frozen=True):
    """Where an act is chosen. turn: number of the turn. token: of the `[` whose successor is the act's first token."""

    turn: int
    token: int


class Window(msgspec.Struct, frozen=True):
    """As much of a conversation as fits into the context.

    tokens: ids. learnt: whether the loss counts this token. places: of assistant turns that stand here for the first
    time; a turn that an earlier window had is only context.
    """

    tokens: tuple[int, ...]
    learnt: tuple[bool, ...]
    places: tuple[Place, ...]


class _Piece(msgspec.Struct, frozen=True):
    """The tokens of one turn: what stands before it, then what it says."""

    turn: Turn
    before: tuple[int, ...]
    says: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.before) + len(self.says)


def turns_of(example: Example, opens: str) -> list[Turn]:
    """The messages of a conversation, after what the student reads first."""
    return [Turn("system", opens), *(_turn(turn, number) for number, turn in enumerate(example.turns))]


def _turn(turn: Said, number: int) -> Turn:
    if turn.role != "assistant":
        return Turn(turn.role, turn.text, number=number)
    said = spoken(turn)
    return Turn("assistant", said.text, said, number, turn.trainable)


class Encoder:
    """Puts conversations into tokens.

    plain: whether the base's own chat template could not be taken. stops: tokens that end what an assistant says.
    """

    def __init__(self, tokenizer: Any, context: int) -> None:
        self._tokenizer, self.context = tokenizer, context
        self._longest = max(16, context // 4)
        self._between: dict[tuple[str, ...], list[list[int]]] = {}
        self.plain = not _takes_all(tokenizer)
        if self.plain:
            tokenizer.chat_template = PLAIN
        self.open, self.close = self.words("["), self.words("]")
        after = self._scaffold(("user", "assistant", "user"))[2][:1]
        self.stops = frozenset((*after, tokenizer.eos_token_id))

    def words(self, text: str) -> list[int]:
        """Tokens of what someone says; none of them is a special one."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids

    def act(self, act: str) -> tuple[int, ...]:
        """Tokens that follow `[`: the act and its `]`."""
        return (*self.words(act), *self.close)

    def windows(self, example: Example, tools: Mapping[str, Sequence[str]]) -> list[Window]:
        """A conversation, in as few windows as hold every assistant turn with at least half a context before it."""
        return self.cut(turns_of(example, opening(example.task, tools)))

    def cut(self, turns: Sequence[Turn]) -> list[Window]:
        """Messages as windows; the first message stands at the head of each."""
        head, *pieces = self._pieces(turns)
        made: list[Window] = []
        first = done = 0
        while done < len(pieces):
            end, room = first, self.context - len(head)
            while end < len(pieces) and (end <= done or len(pieces[end]) < room):
                room -= len(pieces[end])
                end += 1
            made.append(self._window(head, pieces[first:end], done - first))
            done = end
            first = _half(pieces, done, (self.context - len(head)) // 2)
        return made

    def asked(self, turns: Sequence[Turn]) -> list[int]:
        """Messages up to where the assistant says something: the head, and as many of the last ones as fit."""
        head, *pieces = self._pieces([*turns, Turn("assistant", "")])
        room = self.context - len(head)
        first = len(pieces) - 1
        while first > 0 and room - len(pieces[first]) - len(pieces[first - 1]) >= 0:
            room -= len(pieces[first])
            first -= 1
        kept = [head, *pieces[first:]]
        return [token for piece in kept for token in (*piece.before, *piece.says)]

    def said(self, turn: Turn) -> list[int]:
        """What an assistant says, up to the end of its turn."""
        *_, last = self._pieces([Turn("user", ""), turn, Turn("user", "")])[:-1]
        return [*last.says, *last.ends]

    def _window(self, head: _Piece, pieces: Sequence[_Piece], known: int) -> Window:
        tokens, learnt, places = [*head.before, *head.says], [False] * len(head), []
        owed = False  # the turn before is learnt, and so is its end
        for number, piece in enumerate(pieces):
            new = number >= known and piece.turn.role == "assistant"
            tokens += piece.before
            learnt += [owed, *([False] * (len(piece.before) - 1))] if piece.before else []
            if new and piece.turn.said is not None and piece.turn.said.act:
                places.append(Place(piece.turn.number, len(tokens)))
            tokens += piece.says
            learnt += [new and piece.turn.learnt] * len(piece.says)
            owed = new and piece.turn.learnt and len(piece.says) < self._longest
        tokens += pieces[-1].ends
        learnt += [owed] * len(pieces[-1].ends)
        return Window(tuple(tokens), tuple(learnt), tuple(places))

    def _pieces(self, turns: Sequence[Turn]) -> list[_Piece]:
        between = self._scaffold(tuple(turn.role for turn in turns))
        return [
            _Piece(turn, tuple(between[n]), tuple(self._says(turn)), tuple(between[n + 1][:1]))
            for n, turn in enumerate(turns)
        ]

    def _says(self, turn: Turn) -> list[int]:
        if turn.said is None or not turn.said.act:
            ids = self.words(turn.text)
        else:
            ids = [*self.open, *self.act(turn.said.act), *self.words(turn.said.rest)]
        return ids[: self._longest]

    def _scaffold(self, roles: tuple[str, ...]) -> list[list[int]]:
        """What the template writes before, between and after messages of these roles."""
        if roles not in self._between:
            parts = _parts(self._tokenizer, roles)
            self._between[roles] = [self._tokenizer(part, add_special_tokens=False)["input_ids"] for part in parts]
        return self._between[roles]


def _half(pieces: Sequence[_Piece], done: int, room: int) -> int:
    """The first of the turns before `done` that still fit into the room."""
    first = done
    while first > 0 and room >= len(pieces[first - 1]):
        first -= 1
        room -= len(pieces[first])
    return first


def _parts(tokenizer: Any, roles: Sequence[str]) -> list[str]:
    """The text of the template around messages that say only who they are."""
    marks = [_MARK.format(number) for number in range(len(roles))]
    messages = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
    rest = tokenizer.apply_chat_template(messages, tokenize=False)
    parts = []
    for mark in marks:
        part, found, rest = rest.partition(mark)
        if not found:
            return []
        parts.append(part)
    return [*parts, rest]


def _takes_all(tokenizer: Any) -> bool:
    """Whether the template writes every turn that we have; some refuse tools' turns, or a system one."""
    if not tokenizer.chat_template:
        return False
    try:
        return bool(_parts(tokenizer, _PROBE))
    except TemplateError:
        return False
