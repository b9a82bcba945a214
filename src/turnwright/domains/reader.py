"""Reading an utterance: which act of a domain it performs, and whether a user or an assistant would say it.

A weak model drifts: asked to say one thing it says another, or speaks for the other side. This reader is learned
from the domain's own phrasings alone, in a fraction of a second, and is good enough to notice. It is no judge of
truth: values are masked before it looks, so a wrong value must be found elsewhere.

Method: tf-idf over words, word pairs and the slots that are mentioned; ridge regression onto one-hot acts and onto
the role, solved in the dual, so that leave-one-out scores come out of the same factorisation (Rifkin & Lippert 2007).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import cycle, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from turnwright.domains.domain import Domain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Reader"]

Mentions = Iterable[tuple[str, str]]
RIDGE = 1.0
TOLERATED = 0.05
"""Share of the domain's own phrasings, each left out in turn, that `agrees` and `fits` may refuse."""

_MASK = "\x01"
_VALUE = re.compile(r"[€$£]\s?\d[\d.,]*|\S+@\S+\w|\b\w*\d[\w./:-]*")
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(rf"{_MASK}|[^\W\d_]+(?:['’][^\W\d_]+)*|[?!]")


class _Text(NamedTuple):
    """A text to learn from. act: empty where it only shows a role. side: +1 assistant, -1 user, 0 unknown."""

    role: str
    act: str
    features: Counter[str]
    side: float
    own: bool


class Reader:
    """A classifier of acts and roles, learned from one domain.

    Attributes:
        phrasings: how many of the domain's phrasings it was learned from.
        accuracy: leave-one-out figures over those: `act` and `act_top3` (within the right role) and `role`.

    Equal domains give equal readers. Building one takes 0.3 s for 1,300 phrasings.
    """

    def __init__(self, domain: Domain) -> None:
        # numpy takes 0.1 s to import, and most users of the domains package never read an utterance
        import numpy

        self._np: Any = numpy
        texts = list(_lessons(domain))
        self.phrasings = sum(text.own for text in texts)
        self.accuracy = {"act": 1.0, "act_top3": 1.0, "role": 1.0}
        self._classes = sorted({(text.role, text.act) for text in texts if text.act})
        self._place = {pair: index for index, pair in enumerate(self._classes)}
        self._sides = {
            role: numpy.array([i for i, pair in enumerate(self._classes) if pair[0] == role], dtype=int)
            for role in ("user", "assistant")
        }
        if self.phrasings:
            self._learn(texts)

    def act(self, role: str, text: str, mentions: Mentions = ()) -> tuple[str, float]:
        """Return the likeliest act of this side and its probability; ("", 0.0) where the side has no phrasings.

        Args:
            mentions: slot and surface of values that the text carries; naming them makes the reading surer.
        """
        acts = self.acts(role, text, mentions)
        best = max(acts, key=lambda act: (acts[act], act), default="")
        return best, acts.get(best, 0.0)

    def acts(self, role: str, text: str, mentions: Mentions = ()) -> dict[str, float]:
        """Return act → probability over this side's acts that have phrasings; they sum to 1."""
        columns = self._sides.get(role, ())
        if not len(columns):
            return {}
        scores = self._scores(text, mentions)[columns] * self._sharpness
        odds = self._np.exp(scores - scores.max())
        shares = odds / odds.sum()
        return {self._classes[column][1]: float(share) for column, share in zip(columns, shares, strict=True)}

    def role(self, text: str, mentions: Mentions = ()) -> float:
        """Return the probability that the assistant says this; 0.5 where nothing speaks for either side."""
        if not self.phrasings:
            return 0.5
        return float(1.0 / (1.0 + self._np.exp(-self._role_sharpness * self._scores(text, mentions)[-1])))

    def agrees(self, role: str, act: str, text: str, mentions: Mentions = ()) -> bool:
        """Say whether the text may well perform this act, for this side.

        Tolerant: the best rival may be as much likelier as it was for the oddest of the domain's own phrasings
        when they were left out. An act without phrasings cannot be told apart, so it always agrees.
        """
        column = self._place.get((role, act))
        if column is None:
            return True
        scores = self._scores(text, mentions)
        rivals = self._sides[role][self._sides[role] != column]
        margin = float(scores[column]) - (float(scores[rivals].max()) if len(rivals) else 0.0)
        return margin >= self._act_slack

    def fits(self, role: str, text: str, mentions: Mentions = ()) -> bool:
        """Say whether this side may well say this, whatever act it is; tolerant in the same way."""
        if not self.phrasings:
            return True
        score = float(self._scores(text, mentions)[-1])
        return (score if role == "assistant" else -score) >= self._role_slack

    def _scores(self, text: str, mentions: Mentions) -> Floats:
        """Score a text for every class, and for the role (last)."""
        places, weights = self._weighed(_features(_masked(text, mentions), [slot for slot, _ in mentions]))
        scores: Floats = self._np.round(weights @ self._weights[places], 5)
        return scores

    def _weighed(self, features: Counter[str]) -> tuple[list[int], Floats]:
        """Return the places of the known features and their tf-idf weights, of length 1 over all features."""
        np = self._np
        known = [(self._vocabulary[name], count) for name, count in features.items() if name in self._vocabulary]
        places = [place for place, _ in known]
        weights = (1.0 + np.log([count for _, count in known])) * self._idf[places]
        unknown = (len(features) - len(known)) * float(self._idf_unseen) ** 2
        return places, (weights / np.sqrt(max(float(weights @ weights) + unknown, 1e-9))).astype(np.float32)

    def _learn(self, texts: list[_Text]) -> None:
        np = self._np
        seen = Counter(name for text in texts for name in text.features)
        # features of a single text touch no other text: they stand last, and only the diagonal needs them
        self._vocabulary = {name: i for i, name in enumerate(sorted(seen, key=lambda name: (seen[name] == 1, name)))}
        counts = np.array([seen[name] for name in self._vocabulary])
        self._idf = (np.log((1.0 + len(texts)) / (1.0 + counts)) + 1.0).astype(np.float32)
        self._idf_unseen = np.log(1.0 + len(texts)) + 1.0
        shared = int((counts > 1).sum())
        rows = [self._weighed(text.features) for text in texts]
        common = np.zeros((len(texts), shared), dtype=np.float32)
        for row, (places, weights) in zip(common, rows, strict=True):
            inside = [i for i, place in enumerate(places) if place < shared]
            row[[places[i] for i in inside]] = weights[inside]
        kernel = common @ common.T
        np.fill_diagonal(kernel, 1.0 + RIDGE)
        inverse = np.linalg.inv(kernel)
        goals = self._goals(texts)
        dual = inverse @ goals
        self._weights = np.zeros((len(counts), goals.shape[1]), dtype=np.float32)
        self._weights[:shared] = common.T @ dual
        for index, (places, weights) in enumerate(rows):
            for place, weight in zip(places, weights, strict=True):
                if place >= shared:
                    self._weights[place] = weight * dual[index]
        self._calibrate(texts, goals - dual / np.diag(inverse)[:, None])

    def _goals(self, texts: list[_Text]) -> Floats:
        goals: Floats = self._np.zeros((len(texts), len(self._classes) + 1), dtype=self._np.float32)
        for index, text in enumerate(texts):
            if text.act:
                goals[index, self._place[text.role, text.act]] = 1.0
            goals[index, -1] = text.side
        return goals

    def _calibrate(self, texts: list[_Text], left_out: Floats) -> None:
        """Set sharpness and slack from the scores that every phrasing got when it was left out."""
        np = self._np
        margins, ranks, role_margins = [], [], []
        for index, text in enumerate(texts):
            if not text.own:
                continue
            column = self._place[text.role, text.act]
            scores = left_out[index]
            rivals = self._sides[text.role][self._sides[text.role] != column]
            margins.append(scores[column] - (scores[rivals].max() if len(rivals) else 0.0))
            ranks.append(int((scores[rivals] > scores[column]).sum()))
            role_margins.append(scores[-1] * text.side)
        self.accuracy = {
            "act": float((np.array(ranks) == 0).mean()),
            "act_top3": float((np.array(ranks) < 3).mean()),
            "role": float((np.array(role_margins) > 0).mean()),
        }
        self._act_slack = min(0.0, float(np.quantile(margins, TOLERATED)))
        self._role_slack = min(0.0, float(np.quantile(role_margins, TOLERATED)))
        self._sharpness = _sharpness(np, margins)
        self._role_sharpness = _sharpness(np, role_margins)


def _lessons(domain: Domain) -> Iterator[_Text]:
    """Yield what there is to learn from: phrasings, what the acts mean, and what people say in any support chat."""
    labels = cycle([domain.label(slot) for slot in domain.spec.slots] or ["number"])
    for role, side in (("user", -1.0), ("assistant", 1.0)):
        acts: dict[str, Sequence[str]] = {name: act.phrasings for name, act in domain.acts(role).items()}
        acts |= _from_documents(domain, role)
        for act, phrasings in acts.items():
            for phrasing in phrasings:
                text = phrasing.replace("{label}", next(labels))
                slots = [slot for slot in _SLOT.findall(text) if slot != "value"]
                yield _Text(role, act, _features(_SLOT.sub(_MASK, text), slots), side, own=True)
            if phrasings and act in domain.acts(role):
                described = f"{act.replace('_', ' ')} {domain.acts(role)[act].means}"
                yield _Text(role, act, _features(described, ()), 0.0, own=False)
        for line in _heard(role):
            yield _Text(role, "", _features(line, ()), side, own=False)


def _from_documents(domain: Domain, role: str) -> dict[str, Sequence[str]]:
    documents = domain.spec.documents
    if not documents:
        return {}
    if role == "user":
        return {"ask": [text for document in documents for text in document.asks]}
    return {domain.spec.behaviour.answer: [text for document in documents for text in document.answers]}


def _heard(role: str) -> list[str]:
    """Lines of any support chat, so that a side is known by more than this domain's own phrasings."""
    text = resources.files("turnwright.domains").joinpath(f"heard_{role}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _masked(text: str, mentions: Mentions) -> str:
    for surface in sorted((surface for _, surface in mentions if surface), key=len, reverse=True):
        text = re.sub(re.escape(surface), f" {_MASK} ", text, flags=re.IGNORECASE)
    return text


def _features(text: str, slots: Iterable[str]) -> Counter[str]:
    """Count words, word pairs (with the text's ends) and the slots mentioned; values count as one word."""
    words = _WORD.findall(_VALUE.sub(f" {_MASK} ", text).replace("’", "'").lower())
    padded = ["<", *words, ">"]
    pairs = (f"{one} {other}" for one, other in pairwise(padded))
    return Counter([*words, *pairs, *(f"@{slot}" for slot in slots)])


def _sharpness(np: Any, margins: Sequence[float]) -> float:
    """Return the factor that makes `sigmoid(factor * margin)` the likeliest, from a small grid."""
    seen = np.asarray(margins)
    grid = [1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0]
    return min(grid, key=lambda factor: float(np.log1p(np.exp(-factor * seen)).mean()))
