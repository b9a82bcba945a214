"""How probable each act is at each place of a conversation: constrained decoding over all acts at once.

A conversation is run once. Then, from its kept keys and values, the tree of the acts' tokens is followed from every
place together: at each fork the chance is shared among the branches that lead to an act, a stretch without a fork
costs nothing, and a branch that has lost its chance is not followed. What is said after the act is `speaking`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from turnwright.train.lora.base import Tongue
from turnwright.train.student import Array

__all__ = ["Fork", "Run", "forks_of", "run", "scores_of"]

LEAST = 1e-3
"""A branch with a smaller chance is not followed; its acts share what it has."""


class Branch(msgspec.Struct, frozen=True):
    """From a fork to the next: its first token, all its tokens, and where it leads. acts: numbers of those below."""

    tokens: tuple[int, ...]
    acts: tuple[int, ...]
    fork: Fork | None


class Fork(msgspec.Struct, frozen=True):
    """A place in the tree where acts part."""

    branches: tuple[Branch, ...]


class Run(msgspec.Struct, frozen=True):
    """Tokens that went through the model. cache: their keys and values. scores: places x vocabulary."""

    tokens: tuple[int, ...]
    cache: Any
    scores: Any


class _Step(msgspec.Struct, frozen=True):
    """A fork that is reached by these tokens. place: which place asks. above: columns of the tokens before them.

    column: of the first of them; columns are counted over the conversation and everything tried after it.
    """

    place: int
    fork: Fork
    chance: float
    above: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    column: int = 0


def forks_of(acts: Sequence[Sequence[int]]) -> Fork:
    """The tree of these acts, each given as its tokens; no act may be the beginning of another."""
    return _fork(list(enumerate(map(tuple, acts))), 0)


def _fork(acts: list[tuple[int, tuple[int, ...]]], depth: int) -> Fork:
    groups: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for one in acts:
        groups.setdefault(one[1][depth], []).append(one)
    return Fork(tuple(_branch(group, depth) for _, group in sorted(groups.items())))


def _branch(acts: list[tuple[int, tuple[int, ...]]], depth: int) -> Branch:
    numbers, first = tuple(number for number, _ in acts), acts[0][1]
    if len(acts) == 1:
        return Branch(first[depth:], numbers, None)
    end = depth + 1
    while len({tokens[end] for _, tokens in acts}) == 1:
        end += 1
    return Branch(first[depth:end], numbers, _fork(acts, end))


def run(tongue: Tongue, tokens: Sequence[int], places: Sequence[int]) -> Run:
    """Run tokens through the model, and keep the scores of what follows the token at each of these places."""
    import torch  # an extra, and slow to import
    from transformers import DynamicCache

    cache = DynamicCache()
    with torch.inference_mode():
        out = tongue.model(
            input_ids=_tensor([list(tokens)], tongue),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=_tensor(list(places), tongue),
        )
    return Run(tuple(tokens), cache, out.logits[0].float())


def scores_of(tongue: Tongue, ran: Run, places: Sequence[int], tree: Fork, acts: int) -> Array:
    """Places x acts: chances that add up to 1. The kept run is left as it was.

    Args:
        places: numbers of tokens; the acts begin after them. acts: how many the tree has.
    """
    chances = np.zeros((len(places), acts))
    scores, length = ran.scores, len(ran.tokens)
    steps = [_Step(place, tree, 1.0) for place in range(len(places))]
    while steps:
        steps = _shared(steps, scores, chances, length)
        if steps:
            scores = _ahead(tongue, ran.cache, steps, places, length)
            length += sum(len(step.tokens) for step in steps)
    ran.cache.crop(len(ran.tokens) - length)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _shared(steps: Iterable[_Step], scores: Any, chances: Array, column: int) -> list[_Step]:
    """Share the chance of each fork among its branches, and go on to the forks that they lead to."""
    ahead: list[_Step] = []
    for row, step in enumerate(steps):
        branches = step.fork.branches
        shares = scores[row, [branch.tokens[0] for branch in branches]].softmax(dim=0).tolist()
        above = (*step.above, *range(step.column, step.column + len(step.tokens)))
        for branch, share in zip(branches, shares, strict=True):
            chance = step.chance * share
            if branch.fork is None or chance < LEAST:
                chances[step.place, list(branch.acts)] += chance / len(branch.acts)
            else:
                ahead.append(_Step(step.place, branch.fork, chance, above, branch.tokens, column))
                column += len(branch.tokens)
    return ahead


def _ahead(tongue: Tongue, cache: Any, steps: Sequence[_Step], places: Sequence[int], length: int) -> Any:
    """Scores of what follows each step's tokens; all steps go through the model at once, blind to one another."""
    import torch  # an extra, and slow to import

    count = sum(len(step.tokens) for step in steps)
    seen = torch.zeros(count, length + count, dtype=torch.bool)
    positions: list[int] = []
    for step in steps:
        own = step.column - length
        for n in range(len(step.tokens)):
            seen[own + n, : places[step.place] + 1] = True
            seen[own + n, list(step.above)] = True
            seen[own + n, step.column : step.column + n + 1] = True
            positions.append(places[step.place] + 1 + len(step.above) + n)
    model = tongue.model
    blind = torch.zeros(seen.shape, dtype=model.dtype).masked_fill(~seen, torch.finfo(model.dtype).min)
    with torch.inference_mode():
        out = model(
            input_ids=_tensor([[token for step in steps for token in step.tokens]], tongue),
            attention_mask=blind[None, None].to(tongue.device),
            position_ids=_tensor([positions], tongue),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=_tensor([step.column - length + len(step.tokens) - 1 for step in steps], tongue),
        )
    return out.logits[0].float()


def _tensor(values: Any, tongue: Tongue) -> Any:
    import torch  # an extra, and slow to import

    return torch.tensor(values, dtype=torch.long, device=tongue.device)
