"""What the provenance of all turns comes to: who wrote how much, under which licences, by which teachers.

It counts what the turns say of themselves and adds nothing: what no turn, spec or catalogue tells is `unknown`. Words
that were derived from people's words carry the licence of these along, through every turn in between.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from turnwright.export.licences import UNKNOWN, WorstCase, worst_case
from turnwright.reading import Example, Sourced
from turnwright.records import Conversation
from turnwright.records.provenance import HumanSource

__all__ = [
    "ModelFacts",
    "Rolling",
    "Rollup",
    "Share",
    "SourceShare",
    "TeacherShare",
    "Words",
    "rolled_up",
    "tokens_of",
    "words_of",
    "words_of_example",
]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_HUMAN = ("human", "human-edited")
_STYLE = "sy_"
_STYLE_SOURCE = HumanSource(
    dataset="people's words that models were shown as examples of style", licence=UNKNOWN, record=""
)
_UNTOLD_MADE = HumanSource(dataset="what models were given, which the file does not tell", licence=UNKNOWN, record="")
_UNTOLD = HumanSource(
    dataset="people's words of which nobody says where they were taken from", licence=UNKNOWN, record=""
)


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of words of user or assistant, as far as it is counted.

    id: of the turn, "" where it has none. origin: `unknown` where nobody says. model: who spoke, "" for nobody.
    """

    text: str
    origin: str
    id: str = ""
    model: str = ""
    source: HumanSource | None = None
    parents: tuple[str, ...] = ()


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model. licence: of its weights. terms: whether others may learn from its words.

    watermark: whether its words carry one. All `unknown` unless the catalogue or the spec tells.
    """

    licence: str = UNKNOWN
    terms: str = UNKNOWN
    watermark: str = UNKNOWN


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Turns of words, and tokens in them (see `tokens_of`)."""

    turns: int = 0
    tokens: int = 0


class SourceShare(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken from one source. turns: with its words; derived: made from such. conversations: with either."""

    dataset: str
    licence: str
    conversations: int = 0
    turns: int = 0
    derived: int = 0


class TeacherShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one model wrote, and what is known of it."""

    model: str
    turns: int
    tokens: int
    facts: ModelFacts = ModelFacts()


class Rollup(msgspec.Struct, frozen=True, kw_only=True):
    """The provenance of a set, or of one conversation.

    origins: origin → turns and tokens. human_only: conversations in which people wrote every word. mixed: in which
    people and others did. sources: where words were taken from, most conversations first. worst: licence of the whole.
    """

    conversations: int
    origins: dict[str, Share]
    human_only: int
    mixed: int
    sources: tuple[SourceShare, ...]
    teachers: tuple[TeacherShare, ...]
    worst: WorstCase

    @property
    def turns(self) -> int:
        """Turns of words."""
        return sum(share.turns for share in self.origins.values())

    @property
    def tokens(self) -> int:
        """Tokens in them."""
        return sum(share.tokens for share in self.origins.values())

    @property
    def human_share(self) -> float | None:
        """Share of the tokens that stand in turns of people as people wrote them; None without words."""
        return self._share(_HUMAN[:1])

    @property
    def human_or_edited_share(self) -> float | None:
        """The same with turns that people edited, whoever wrote them first; None without words."""
        return self._share(_HUMAN)

    def _share(self, origins: Iterable[str]) -> float | None:
        theirs = sum(self.origins.get(origin, Share()).tokens for origin in origins)
        return theirs / self.tokens if self.tokens else None


def tokens_of(text: str) -> int:
    """Words and punctuation marks, each one token: the same count whatever model reads the set."""
    return sum(1 for _ in _TOKEN.finditer(text))


def words_of(conversation: Conversation) -> Iterator[Words]:
    """The turns of words of a conversation; calls and results of tools have none."""
    for turn in conversation.turns:
        if turn.text and turn.role != "tool":
            came = turn.provenance
            yield Words(
                text=turn.text,
                origin=came.origin,
                id=turn.id,
                model=came.model,
                source=came.source,
                parents=came.parents,
            )


def words_of_example(example: Example, sourced: Sourced) -> Iterator[Words]:
    """The same of a conversation that was read from a file.

    Its source counts for the turns that people wrote, and for those of which nobody says who did. For words of models
    it counts where the line itself names it, as a mix does; what else models were given, a file does not tell.
    """
    source = HumanSource(dataset=sourced.source, licence=sourced.licence, record=sourced.record)
    made_from = source if sourced.found in ("the line", "given") else _UNTOLD_MADE
    for turn in example.turns:
        if turn.text and turn.role != "tool":
            taken = not turn.origin or turn.origin in _HUMAN
            yield Words(text=turn.text, origin=turn.origin or UNKNOWN, source=source if taken else made_from)


class _Link(msgspec.Struct, frozen=True):
    """A turn that was taken or derived from somewhere: its conversation's number, and where to look.

    as_written: whether its words are those of the source.
    """

    conversation: int
    as_written: bool
    source: HumanSource | None
    parents: tuple[str, ...]


class Rolling:
    """Counts conversation by conversation; of turns, only those that have a source or parents are remembered.

    Args:
        style: id of a text shown as an example of style (see `records.provenance.style_id`) → where it was taken from.
    """

    def __init__(self, style: Mapping[str, HumanSource] | None = None) -> None:
        self._style = dict(style or {})
        self._conversations = self._human_only = self._mixed = 0
        self._turns: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()
        self._spoken: dict[str, list[int]] = {}
        self._links: list[_Link] = []
        self._known: dict[str, _Link] = {}

    def take(self, words: Iterable[Words]) -> None:
        """Count the turns of one conversation."""
        origins: set[str] = set()
        for each in words:
            origins.add(each.origin)
            self._count(each)
            self._link(each)
        people = origins & set(_HUMAN)
        self._human_only += bool(people) and people == origins
        self._mixed += bool(people) and people != origins
        self._conversations += 1

    def told(self, *, models: Mapping[str, ModelFacts] | None = None, others: Iterable[tuple[str, str]] = ()) -> Rollup:
        """What was counted so far.

        Args:
            models: fingerprint → what is known of the model.
            others: further sources of the whole set as (name, licence), such as the domain.
        """
        sources, known = self._sources(), models or {}
        return Rollup(
            conversations=self._conversations,
            origins={
                name: Share(turns=count, tokens=self._tokens[name]) for name, count in sorted(self._turns.items())
            },
            human_only=self._human_only,
            mixed=self._mixed,
            sources=sources,
            teachers=tuple(
                TeacherShare(model=model, turns=turns, tokens=tokens, facts=known.get(model, ModelFacts()))
                for model, (turns, tokens) in sorted(self._spoken.items())
            ),
            worst=worst_case([*((one.dataset, one.licence) for one in sources), *others]),
        )

    def _count(self, words: Words) -> None:
        tokens = tokens_of(words.text)
        self._turns[words.origin] += 1
        self._tokens[words.origin] += tokens
        if words.model and words.origin not in _HUMAN:
            spoken = self._spoken.setdefault(words.model, [0, 0])
            spoken[0] += 1
            spoken[1] += tokens

    def _link(self, words: Words) -> None:
        as_written = words.origin in ("human", UNKNOWN)
        source = words.source or (_UNTOLD if words.origin == "human" else None)
        if source is None and not words.parents:
            return
        link = _Link(self._conversations, as_written, source, words.parents)
        self._links.append(link)
        if words.id:
            self._known[words.id] = link

    def _sources(self) -> tuple[SourceShare, ...]:
        """Every source with what came of it; a turn is counted once for each source that it leads back to."""
        turns: dict[tuple[str, str], Counter[str]] = {}
        inside: dict[tuple[str, str], set[int]] = {}
        for link in self._links:
            for source in {(one.dataset, one.licence) for one in self._behind(link)}:
                turns.setdefault(source, Counter())["turns" if link.as_written else "derived"] += 1
                inside.setdefault(source, set()).add(link.conversation)
        found = [
            SourceShare(dataset=source[0], licence=source[1], conversations=len(inside[source]), **counted)
            for source, counted in turns.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.conversations, one.dataset, one.licence)))

    def _behind(self, link: _Link) -> Iterator[HumanSource]:
        """All sources that a turn leads back to, over every turn in between that is in the set."""
        if link.source is not None:
            yield link.source
        left, seen = list(link.parents), set(link.parents)
        while left:
            parent = left.pop()
            if parent.startswith(_STYLE):
                yield self._style.get(parent, _STYLE_SOURCE)
            elif parent in self._known:
                found = self._known[parent]
                if found.source is not None:
                    yield found.source
                left += [one for one in found.parents if one not in seen]
                seen.update(found.parents)


def rolled_up(
    conversations: Iterable[Conversation],
    *,
    models: Mapping[str, ModelFacts] | None = None,
    style: Mapping[str, HumanSource] | None = None,
    others: Iterable[tuple[str, str]] = (),
) -> Rollup:
    """Roll up conversations of a run; of one, for the roll-up of a conversation (see `Rolling`)."""
    rolling = Rolling(style)
    for conversation in conversations:
        rolling.take(words_of(conversation))
    return rolling.told(models=models, others=others)
