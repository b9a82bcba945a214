"""Reading an utterance: which act of a domain it performs, and whether a user or an assistant would say it.

A weak model drifts: asked to say one thing it says another, or speaks for the other side. This reader is learned
from the domain's own phrasings alone, in a fraction of a second, and is good enough to notice. It is no judge of
truth: values are masked before it looks, so a wrong value must be found elsewhere.

Method: tf-idf over hashed word 1-2-grams and character 3-5-grams, ridge regression onto one-hot acts and onto the
role, solved in the dual so that leave-one-out scores come out of the same factorisation (Cawley & Talbot 2004).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from turnwright.domains.domain import Domain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Reader"]

MASK = "\x01"
WIDTH = 1 << 13
WORD_WEIGHT = 1.0
CHAR_WEIGHT = 0.8
RIDGE = 0.3
TOLERATED = 0.02

_VALUE = re.compile(r"[€$£]\s?\d[\d.,]*|\S+@\S+\w|\b\w*\d[\w./:-]*|\{\w+\}")
_WORD = re.compile(rf"{MASK}|[^\W\d_]+(?:'[^\W\d_]+)*|[?!]")


class Reader:
    """A classifier of acts and roles, learned from one domain.

    Attributes:
        phrasings: how many texts it was learned from.
        accuracy: leave-one-out share of texts whose act (within the right role) and role were read right,
            under the keys `act` and `role`.

    Deterministic: equal domains give equal readers. Building one takes well under a second for 1,000 phrasings.
    """

    def __init__(self, domain: Domain) -> None:
        # numpy takes 0.1 s to import, and most users of the domains package never read an utterance
        import numpy

        self._np = numpy
        texts = list(_texts(domain))
        self._classes = sorted({(role, act) for role, act, _ in texts})
        self._place = {pair: index for index, pair in enumerate(self._classes)}
        self.phrasings = len(texts)
        self.accuracy: dict[str, float] = {"act": 1.0, "role": 1.0}
        if texts:
            self._learn(texts)

    def act(self, role: str, text: str, values: Sequence[str] = ()) -> tuple[str, float]:
        """Return the likeliest act of this side and its probability; ("", 0.0) where the side has no phrasings.

        Args:
            values: surfaces of values that the text may carry; they are masked before reading.
        """
        acts = self.acts(role, text, values)
        best = max(acts, key=lambda act: (acts[act], act), default="")
        return best, acts.get(best, 0.0)

    def acts(self, role: str, text: str, values: Sequence[str] = ()) -> dict[str, float]:
        """Return act → probability over this side's acts that have phrasings; they sum to 1."""
        columns = [index for index, pair in enumerate(self._classes) if pair[0] == role]
        if not columns:
            return {}
        scores = self._scores(text, values)[columns] * self._sharpness
        odds = self._np.exp(scores - scores.max())
        return {
            self._classes[column][1]: float(p) for column, p in zip(columns, odds / odds.sum(), strict=True)
        }

    def role(self, text: str, values: Sequence[str] = ()) -> float:
        """Return the probability that the assistant says this; 0.5 where nothing speaks for either side."""
        if not self.phrasings:
            return 0.5
        return float(1.0 / (1.0 + self._np.exp(-self._role_sharpness * self._scores(text, values)[-1])))

    def agrees(self, role: str, act: str, text: str, values: Sequence[str] = ()) -> bool:
        """Say whether the text may well perform this act, for this side.

        Tolerant: it refuses what is further from the act than all but the oddest of the act's fellow phrasings
        were when they were left out. An act without phrasings cannot be told apart, so it always agrees.
        """
        column = self._place.get((role, act))
        if column is None:
            return True
        scores = self._scores(text, values)
        side = [index for index, pair in enumerate(self._classes) if pair[0] == role and index != column]
        rival = max((float(scores[index]) for index in side), default=0.0)
        return float(scores[column]) - rival >= self._act_slack

    def fits(self, role: str, text: str, values: Sequence[str] = ()) -> bool:
        """Say whether this side may well say this, whatever act it is; tolerant in the same way."""
        if not self.phrasings:
            return True
        score = float(self._scores(text, values)[-1])
        return (score if role == "assistant" else -score) >= self._role_slack

    def _learn(self, texts: list[tuple[str, str, str]]) -> None:
        np = self._np
        counts = np.stack([self._counts(text) for _, _, text in texts])
        self._idf = np.log((1.0 + len(texts)) / (1.0 + (counts > 0).sum(axis=0))).astype(np.float32) + 1.0
        rows = self._weigh(counts)
        goals = np.zeros((len(texts), len(self._classes) + 1), dtype=np.float32)
        for index, (role, act, _) in enumerate(texts):
            goals[index, self._place[role, act]] = 1.0
            goals[index, -1] = 1.0 if role == "assistant" else -1.0
        inverse = np.linalg.inv(rows @ rows.T + RIDGE * np.eye(len(texts), dtype=np.float32))
        dual = inverse @ goals
        self._weights = rows.T @ dual
        self._calibrate(texts, goals, goals - dual / np.diag(inverse)[:, None])

    def _calibrate(self, texts: list[tuple[str, str, str]], goals: Floats, left_out: Floats) -> None:
        """Set sharpness and slack from the scores that every text got when it was left out."""
        np = self._np
        own, rivals = [], []
        for index, (role, act, _) in enumerate(texts):
            column = self._place[role, act]
            side = [i for i, pair in enumerate(self._classes) if pair[0] == role and i != column]
            own.append(left_out[index, column])
            rivals.append(left_out[index, side].max() if side else 0.0)
        margins = np.asarray(own) - np.asarray(rivals)
        role_margins = left_out[:, -1] * goals[:, -1]
        self.accuracy = {"act": float((margins > 0).mean()), "role": float((role_margins > 0).mean())}
        self._act_slack = min(0.0, float(np.quantile(margins, TOLERATED)))
        self._role_slack = min(0.0, float(np.quantile(role_margins, TOLERATED)))
        self._sharpness = _best_sharpness(np, margins)
        self._role_sharpness = _best_sharpness(np, role_margins)

    def _scores(self, text: str, values: Sequence[str]) -> Floats:
        return self._weigh(self._counts(_masked(text, values))[None, :])[0] @ self._weights

    def _counts(self, text: str) -> Floats:
        """Hash a text into counts of its word 1-2-grams (first half) and character 3-5-grams (second half)."""
        np = self._np
        half = WIDTH // 2
        words = _WORD.findall(_masked(text).lower())
        padded = ["<", *words, ">"]
        grams = [*words, *(f"{a} {b}" for a, b in zip(padded, padded[1:], strict=False))]
        hashes = [zlib.crc32(gram.encode()) % half for gram in grams]
        letters = np.frombuffer(f" {' '.join(words)} ".encode(), dtype=np.uint8).astype(np.uint32)
        parts = [np.asarray(hashes, dtype=np.int64)]
        rolling = letters
        for size in (2, 3, 4, 5):
            rolling = rolling[:-1] * np.uint32(0x9E3779B1) + letters[size - 1 :] if len(rolling) > 1 else rolling[:0]
            if size > 2:
                parts.append(((rolling >> np.uint32(7)) % half).astype(np.int64) + half)
        return np.bincount(np.concatenate(parts), minlength=WIDTH).astype(np.float32)

    def _weigh(self, counts: Floats) -> Floats:
        np = self._np
        weighed = np.log1p(counts) * self._idf
        half = WIDTH // 2
        for block, weight in ((weighed[:, :half], WORD_WEIGHT), (weighed[:, half:], CHAR_WEIGHT)):
            block *= weight / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-6)
        return weighed


def _texts(domain: Domain) -> Iterator[tuple[str, str, str]]:
    """Yield (role, act, text) for every phrasing, with labels put in, and for the documents' questions and answers."""
    labels = cycle([domain.label(slot) for slot in domain.spec.slots] or ["number"])
    for role in ("user", "assistant"):
        for act, spec in domain.acts(role).items():
            for phrasing in spec.phrasings:
                yield role, act, phrasing.replace("{label}", next(labels))
    for document in domain.spec.documents:
        for text in document.asks:
            yield "user", "ask", text
        for text in document.answers:
            yield "assistant", domain.spec.behaviour.answer or "answer_question", text


def _masked(text: str, values: Iterable[str] = ()) -> str:
    for value in sorted(values, key=len, reverse=True):
        if value:
            text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE)
    return _VALUE.sub(f" {MASK} ", text)


def _best_sharpness(np: Any, margins: Floats) -> float:
    """Return the factor that makes `sigmoid(factor * margin)` the likeliest, from a small grid."""
    grid = [1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0]
    return min(grid, key=lambda factor: float(np.log1p(np.exp(-factor * margins)).mean()))
