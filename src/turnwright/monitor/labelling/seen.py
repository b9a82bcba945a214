"""What the labeller sees of a turn: its words, the turn before, the call, and the act of its side before it.

Words and letters are counted (TF-IDF), the meaning is 256 numbers of wordllama. The act before comes last and apart,
since it is only known once that turn has been labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.measures.embedding import vectors
from turnwright.reading import START, Example

__all__ = ["MEANING", "Array", "Place", "Sides", "Vocabulary", "act_before", "learn_vocabularies", "places", "seen"]

Sides = Literal["user", "assistant"]
Array = NDArray[Any]
_WORD = r"(?u)\b\w+\b|[?!]"
MEANING = 256
"""Numbers that wordllama gives a text."""
_CONTEXT = 0.5  # what the turn before counts beside the turn itself


class Place(NamedTuple):
    """A turn of the side that is labelled. words: also in the place of what calls without any.

    before: the words of the turn before; marks: whose turn that was, and the tool that is called here.
    """

    conversation: int
    turn: int
    words: str
    before: str
    marks: str
    act: str


class Vocabulary(msgspec.Struct, frozen=True):
    """Pieces of text in the order of their columns, and how telling each is."""

    pieces: tuple[str, ...]
    idf: Array


def places(examples: Sequence[Example], side: Sides) -> list[Place]:
    """Every turn of this side that says or calls something, in order."""
    return [place for number, example in enumerate(examples) for place in _places(number, example, side)]


def _places(number: int, example: Example, side: Sides) -> list[Place]:
    found: list[Place] = []
    for place, turn in enumerate(example.turns):
        if turn.role != side or not (turn.text or turn.call):
            continue
        before = example.turns[place - 1] if place else None
        called = f"calls_{turn.call.name}" if turn.call else "speaks"
        follows = f"after_{before.role}" if before else "opens"
        found.append(
            Place(
                conversation=number,
                turn=place,
                words=turn.text,
                before=before.text if before and before.role != "tool" else "",
                marks=f"{called} {follows}",
                act=turn.act,
            )
        )
    return found


def learn_vocabularies(turns: Sequence[Place]) -> tuple[Vocabulary, ...]:
    """Words and letters of the turn, words of the turn before, marks: what stands in two turns at least."""
    return tuple(_learnt(kind, texts) for kind, texts in enumerate(_texts(turns)))


def seen(turns: Sequence[Place], vocabularies: Sequence[Vocabulary]) -> Any:
    """turns x columns, sparse: the vocabularies, then the meaning."""
    from scipy import sparse  # an extra, and slow to import

    blocks = [
        _counter(kind, vocabulary).transform(texts) * (_CONTEXT if kind >= 2 else 1.0)
        for kind, (texts, vocabulary) in enumerate(zip(_texts(turns), vocabularies, strict=True))
    ]
    meaning = vectors([turn.words for turn in turns])
    lengths = np.linalg.norm(meaning, axis=1, keepdims=True)
    blocks.append(sparse.csr_matrix(meaning / np.where(lengths, lengths, 1)))
    return sparse.hstack(blocks, format="csr").astype(np.float32)


def _texts(turns: Sequence[Place]) -> list[list[str]]:
    words = [turn.words for turn in turns]
    return [words, words, [turn.before for turn in turns], [turn.marks for turn in turns]]


def _learnt(kind: int, texts: list[str]) -> Vocabulary:
    counter = _counter(kind)
    try:
        counter.fit(texts)
    except ValueError:  # nothing stands in two texts
        return Vocabulary(pieces=(), idf=np.zeros(0))
    pieces = sorted(counter.vocabulary_, key=counter.vocabulary_.__getitem__)
    return Vocabulary(pieces=tuple(pieces), idf=np.asarray(counter.idf_, dtype=np.float64))


class _Nothing:
    """Counts nothing: the vocabulary is empty, which scikit-learn refuses."""

    def transform(self, texts: list[str]) -> Any:
        from scipy import sparse  # an extra, and slow to import

        return sparse.csr_matrix((len(texts), 0), dtype=np.float64)


def _counter(kind: int, vocabulary: Vocabulary | None = None) -> Any:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer  # an extra, and slow to import
    except ModuleNotFoundError as fault:
        raise InputError("scikit-learn is not installed", fix="pip install 'turnwright[measure]'") from fault
    if vocabulary is not None and not vocabulary.pieces:
        return _Nothing()
    untyped: Any = TfidfVectorizer
    ways: list[dict[str, Any]] = [
        {"ngram_range": (1, 2), "token_pattern": _WORD},
        {"analyzer": "char_wb", "ngram_range": (3, 5), "max_features": 30_000},
        {"token_pattern": _WORD},
        {"token_pattern": r"\S+", "lowercase": False},
    ]
    counter = untyped(min_df=2, sublinear_tf=True, vocabulary=vocabulary.pieces if vocabulary else None, **ways[kind])
    if vocabulary:
        counter.idf_ = vocabulary.idf
    return counter


def act_before(turns: Sequence[Place]) -> list[str]:
    """The act of the same side before each turn, START where there is none; as the labels say."""
    before: list[str] = []
    conversation, last = -1, START
    for turn in turns:
        if turn.conversation != conversation:
            conversation, last = turn.conversation, START
        before.append(last)
        last = turn.act or last
    return before
