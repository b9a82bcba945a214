"""Tuning a student on conversations: a fresh adapter learns to say what assistants said.

Only trainable assistant turns are learnt, act and words and calls alike. A training that was killed goes on when it is
called again with the same arguments, and ends in the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.reading import Example, decisions, set_hash
from turnwright.records import Json, content_id
from turnwright.train.linear import acts_by_task, tools_by_act
from turnwright.train.lora.base import Base, Tongue, base_of, load_tongue, require_train
from turnwright.train.lora.checkpoints import CHECKPOINTS, Purpose, claim, latest, require_same
from turnwright.train.lora.encoding import Encoder
from turnwright.train.lora.settings import LoraSettings, Tell, checked
from turnwright.train.lora.student import Known, LoraStudent
from turnwright.train.lora.training import Weighed, learn, unwarned
from turnwright.train.lora.wording import Tools, declared, tools_of
from turnwright.train.overlap import mark

__all__ = ["fit_lora", "with_adapter"]

LEARN = "learn"
"""The folder of this training's checkpoints, beside those of other parts."""
_AFTERWARDS = {"call_tokens", "save_every", "beta", "pair_epochs", "pair_rate"}
"""Settings that do not change what is learnt here."""


def fit_lora(
    examples: Sequence[Example],
    *,
    base: str | Path,
    folder: Path,
    settings: LoraSettings | None = None,
    tools: Mapping[str, Sequence[Mapping[str, Json]]] | None = None,
    tell: Tell = lambda _: None,
) -> LoraStudent:
    """Tune a student on these conversations; each counts in the loss as much as its weight says.

    Args:
        base: a model of the catalogue, a GGUF file, or a folder as Hugging Face writes it.
        folder: where its checkpoints are kept (`checkpoints/`), and from where it goes on if it was killed.
        tools: task → the tools that the student is told of, as OpenAI declares them; by default those that are
            called in the conversations. tell: hears of every step.

    Raises:
        InputError: the extra `train` is missing, there are fewer than two acts, or the folder's checkpoints were made
            from another base, set or other settings. CatalogueError: there is no such base.
    """
    chosen = checked(settings or LoraSettings())
    acts = _acts(examples)
    require_train()
    found = base_of(base)
    told = {**tools_of(examples), **{task: declared(each) for task, each in (tools or {}).items()}}
    place = folder / CHECKPOINTS / LEARN
    purpose = _purpose(found, examples, chosen, told)
    require_same(place, purpose)
    tongue = load_tongue(found, chosen.precision)
    encoder = Encoder(tongue.tokenizer, chosen.context)
    _tell_apart(acts, encoder)
    claim(place, purpose)
    tongue = with_adapter(tongue, chosen, latest(place)[0])
    learn(tongue, _windows(examples, told, encoder), chosen, place, tell)
    points = decisions(examples)
    known = Known(
        base=str(base),
        sha256=found.sha256,
        settings=chosen,
        learnt=set_hash(examples),
        acts=acts,
        legal=acts_by_task(points),
        calls=tools_by_act(points),
        tools=told,
        seen=tuple(sorted(set(map(mark, examples)))),
    )
    return LoraStudent(known, tongue)


def with_adapter(tongue: Tongue, settings: LoraSettings, kept: Path | None = None) -> Tongue:
    """A model with an adapter that can learn: a fresh one drawn from the seed, or the one that is kept in a folder."""
    import torch  # an extra, and slow to import
    from peft import LoraConfig, PeftModel, get_peft_model

    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=2 * settings.rank,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with unwarned():
        if kept is not None:
            model = PeftModel.from_pretrained(tongue.model, str(kept), is_trainable=True)
        else:
            model = get_peft_model(tongue.model, config)
    return msgspec.structs.replace(tongue, model=model)


def _acts(examples: Sequence[Example]) -> tuple[str, ...]:
    acts = sorted({point.act for point in decisions(examples)})
    if len(acts) < 2:
        raise InputError(
            f"{len(examples):,} conversations with fewer than two acts: there is nothing to tell apart",
            fix="train on more conversations, or on some with labelled assistant turns",
        )
    odd = next((act for act in acts if set(act) & set("[]\r\n")), None)
    if odd is not None:
        raise InputError(f"the act {odd!r} has a bracket or the end of a line in it", fix="rename it (--act)")
    return tuple(acts)


def _tell_apart(acts: Sequence[str], encoder: Encoder) -> None:
    tokens: dict[Any, str] = {}
    for act in acts:
        other = tokens.setdefault(encoder.act(act), act)
        if other != act:
            raise InputError(f"the base model reads the acts '{other}' and '{act}' alike", fix="rename one of them")


def _purpose(base: Base, examples: Sequence[Example], settings: LoraSettings, tools: Mapping[str, Tools]) -> Purpose:
    chosen: dict[str, Json] = {k: v for k, v in msgspec.to_builtins(settings).items() if k not in _AFTERWARDS}
    return Purpose(
        base=base.sha256,
        learnt=set_hash(examples),
        settings={**chosen, "tools": content_id("tl", msgspec.to_builtins(tools))},
    )


def _windows(examples: Sequence[Example], tools: Mapping[str, Tools], encoder: Encoder) -> list[Weighed]:
    """Everything that is learnt; weights are scaled to a mean of 1, so that they do not change the pace."""
    mean = sum(example.weight for example in examples) / len(examples)
    return [
        (window, example.weight / mean)
        for example in examples
        for window in encoder.windows(example, tools.get(example.task, {}))
        if any(window.learnt[1:])
    ]
