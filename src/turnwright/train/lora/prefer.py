"""Preference training: a student that has learnt to speak is moved towards what was found better, and no further.

DPO (Rafailov et al. 2023) by trl's trainer, against the student as it was. Pairs are put into words as the student
puts them, so that a preference about words does not cost it its acts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.records import Json
from turnwright.train.lora.base import fold, quiet
from turnwright.train.lora.checkpoints import CHECKPOINTS, Purpose, claim, latest
from turnwright.train.lora.encoding import Encoder, Turn
from turnwright.train.lora.pairs import PreferencePair, pairs_hash
from turnwright.train.lora.settings import LoraSettings, Tell, checked
from turnwright.train.lora.student import LoraStudent
from turnwright.train.lora.training import arguments, told, unwarned
from turnwright.train.lora.wording import opening, task_of

__all__ = ["prefer_lora"]

_DECIDING = ("pair_epochs", "pair_rate", "beta", "batch", "max_steps", "seed", "context")
PREFER = "prefer"
"""The folder of this training's checkpoints."""

Row = dict[str, list[int]]
"""A pair as trl wants it: `prompt_ids`, `chosen_ids`, `rejected_ids`."""


def prefer_lora(
    student: LoraStudent,
    pairs: Sequence[PreferencePair],
    *,
    folder: Path,
    settings: LoraSettings | None = None,
    tell: Tell = lambda _: None,
) -> LoraStudent:
    """Train a student on preference pairs; a pair of weight w is seen w times a pass, rounded, at least once.

    The given student goes on as the returned one; it goes on from the folder's checkpoints if it was killed.

    Args:
        settings: those of the student by default; of them `pair_epochs`, `pair_rate`, `beta`, `batch`, `max_steps`.

    Raises:
        InputError: there are no pairs, or the checkpoints were made from another student, or other pairs or settings.
    """
    chosen = checked(settings or student.known.settings)
    if not pairs:
        raise InputError("there is not one preference pair", fix="give a file of the export format `preference`")
    place = folder / CHECKPOINTS / PREFER
    given: dict[str, Json] = msgspec.to_builtins(chosen)
    known = {name: given[name] for name in _DECIDING}
    hashed = pairs_hash(pairs)
    claim(place, Purpose(base=student.known.sha256, learnt=hashed, settings={**known, "student": student.known.learnt}))
    fold(student.tongue, into=False)
    rows = [_row(pair, student, student.encoder) for pair in pairs for _ in range(max(1, round(pair.weight)))]
    _train(student, rows, chosen, place, tell)
    return LoraStudent(msgspec.structs.replace(student.known, pairs=hashed, settings=chosen), student.tongue)


def _row(pair: PreferencePair, student: LoraStudent, encoder: Encoder) -> Row:
    """A pair as tokens: the talk that both have, then each with the end of its turn."""
    opens = opening(task_of(pair.tools, student.known.tools), pair.tools)
    turns = [Turn("system", opens), *pair.talk]
    return {
        "prompt_ids": encoder.asked(turns),
        "chosen_ids": encoder.said(Turn("assistant", pair.chosen.text, pair.chosen)),
        "rejected_ids": encoder.said(Turn("assistant", pair.rejected.text, pair.rejected)),
    }


def _train(student: LoraStudent, rows: list[Row], settings: LoraSettings, place: Path, tell: Tell) -> None:
    begun, done = latest(place)
    with unwarned():
        trainer = _trainer(student, rows, settings, place, tell)
        trainer.news.tell(done)
        trainer.train(resume_from_checkpoint=str(begun) if begun else None)
    if "ref" in student.tongue.model.peft_config:  # trl's copy of the student as it was
        student.tongue.model.delete_adapter("ref")


def _trainer(student: LoraStudent, rows: list[Row], settings: LoraSettings, place: Path, tell: Tell) -> Any:
    quiet()
    from datasets import Dataset  # extras, and slow to import
    from trl import DPOConfig, DPOTrainer

    class Pairs(DPOTrainer):  # type: ignore[misc, unused-ignore]  # a library without types
        """Pairs come in as tokens already."""

        def _prepare_dataset(self, dataset: Any, *rest: Any) -> Any:
            return dataset

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            loss = super().training_step(model, inputs, num_items_in_batch)
            self.news.hear(float(loss) * self.args.gradient_accumulation_steps, int(inputs["attention_mask"].sum()))
            return loss

    together = min(settings.batch, 1 if student.tongue.device == "cpu" else 8)
    steps = math.ceil(settings.pair_epochs * math.ceil(len(rows) / settings.batch))
    steps = min(steps, settings.max_steps) if settings.max_steps else steps
    made = arguments(
        msgspec.structs.replace(settings, rate=settings.pair_rate),
        place,
        steps,
        DPOConfig,
        per_device_train_batch_size=together,
        gradient_accumulation_steps=max(1, settings.batch // together),
        gradient_checkpointing=False,
        beta=settings.beta,
        max_length=None,
        bf16=False,
        use_cpu=student.tongue.device == "cpu",
    )
    trainer = Pairs(
        model=student.tongue.model,
        args=made,
        train_dataset=Dataset.from_list(rows),
        processing_class=student.tongue.tokenizer,
    )
    return told(trainer, "prefer", steps, tell)
