"""Words, one token after the other: how a student goes on once it has begun to say something.

Which act is meant is chosen before, by scoring. Drawing uses its own generator, so that equal seeds say equal things.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from turnwright.train.lora.base import Tongue
from turnwright.train.lora.scoring import Run

__all__ = ["continued"]

_LOOK_BACK = 12  # tokens among which the end of a call is looked for


def continued(
    tongue: Tongue,
    ran: Run,
    tokens: Sequence[int],
    most: int,
    *,
    stops: frozenset[int],
    end: str = "",
    temperature: float = 0.0,
    seed: int = 0,
) -> str:
    """What follows these tokens, up to a token that stops, to the text `end`, or to so many tokens.

    Args:
        ran: a run that begins as `tokens` do; where they part, it is cut off.
        temperature: 0 takes the most probable token every time.
    """
    import torch  # an extra, and slow to import

    known = min(ran.cache.get_seq_length(), _shared(ran, tokens))
    ran.cache.crop(known - ran.cache.get_seq_length())
    ahead, said = list(tokens[known:]), list[int]()
    chance = np.random.default_rng(seed)
    with torch.inference_mode():
        while len(said) < most:
            ids = torch.tensor([ahead], device=tongue.device)
            scores = tongue.model(input_ids=ids, past_key_values=ran.cache, use_cache=True, logits_to_keep=1).logits
            token = _picked(scores[0, -1].float(), temperature, chance)
            if token in stops:
                break
            said.append(token)
            ahead = [token]
            if end and end in tongue.tokenizer.decode(said[-_LOOK_BACK:]):
                break
    return str(tongue.tokenizer.decode(said))


def _shared(ran: Run, tokens: Sequence[int]) -> int:
    """How many tokens both begin with, less one: the model must be asked at least once."""
    same = next((n for n, (a, b) in enumerate(zip(ran.tokens, tokens, strict=False)) if a != b), None)
    return min(len(ran.tokens), len(tokens) - 1) if same is None else min(same, len(tokens) - 1)


def _picked(scores: Any, temperature: float, chance: np.random.Generator) -> int:
    if temperature <= 0:
        return int(scores.argmax())
    chances = (scores / temperature).softmax(dim=0).double().cpu().numpy()
    return int(chance.choice(len(chances), p=chances / chances.sum()))
