"""The one loop in which an adapter learns: transformers' Trainer over steps that were planned beforehand.

What is learnt comes in as windows; how conversations become windows, and what a student is, is not known here. A
killed training goes on from its last whole checkpoint to the same weights.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from turnwright.errors import InputError
from turnwright.train.lora.base import Tongue
from turnwright.train.lora.checkpoints import latest, mark_whole
from turnwright.train.lora.encoding import Window
from turnwright.train.lora.plan import steps_of
from turnwright.train.lora.settings import LoraSettings, Tell, Tuning

__all__ = ["Weighed", "arguments", "learn", "told", "unwarned"]

_TOGETHER = {"cpu": 768, "cuda": 16_384}
"""Tokens in one pass: more of them only cost memory, once the device is busy."""

Weighed = tuple[Window, float]
"""A window, and how much its conversation counts."""


def learn(tongue: Tongue, windows: Sequence[Weighed], settings: LoraSettings, folder: Path, tell: Tell) -> None:
    """Teach the adapter of this model, from the last checkpoint in the folder where there is one.

    The loss of a step is the mean over its learnt tokens, each counted with the weight of its conversation.

    Raises:
        InputError: the loss is no number any more. StoreError: a checkpoint cannot be written.
    """
    steps = steps_of([len(window.tokens) for window, _ in windows], settings)
    begun, done = latest(folder)
    batches = [[windows[number] for number in step] for step in steps]
    trainer = _trainer(tongue, batches, settings, folder, tell)
    trainer.news.tell(done)
    if done < len(steps):
        with unwarned():
            trainer.train(resume_from_checkpoint=str(begun) if begun else None)


@contextmanager
def unwarned() -> Iterator[None]:
    """Keep warnings that libraries address to one another from the reader."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def arguments(settings: LoraSettings, folder: Path, steps: int, kind: Any, **more: Any) -> Any:
    """Arguments of a trainer: nothing is reported, drawn or sent; the last step is always kept."""
    return kind(
        output_dir=str(folder),
        max_steps=steps,
        learning_rate=settings.rate,
        lr_scheduler_type="cosine",
        warmup_steps=steps // 20,
        weight_decay=0.0,
        save_strategy="steps",
        save_steps=settings.save_every,
        save_total_limit=2,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=settings.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        **more,
    )


def _trainer(tongue: Tongue, batches: list[list[Weighed]], settings: LoraSettings, folder: Path, tell: Tell) -> Any:
    import torch  # an extra, and slow to import
    from torch.utils.data import SequentialSampler
    from transformers import Trainer, TrainingArguments

    class Steps(Trainer):  # type: ignore[misc, unused-ignore]  # a library without types
        """One item of the data is one step; it goes through the model in as many passes as memory wants."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return SequentialSampler(batches)

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            model.train()
            total = torch.zeros((), device=tongue.device)
            for loss in _losses(model, inputs["windows"], tongue):
                self.accelerator.backward(loss)
                total += loss.detach()
            self.news.hear(float(total), sum(len(window.tokens) for window, _ in inputs["windows"]))
            return total

    trainer = Steps(
        model=tongue.model,
        args=arguments(settings, folder, len(batches), TrainingArguments, per_device_train_batch_size=1),
        train_dataset=batches,
        data_collator=lambda items: {"windows": items[0]},
    )
    return told(trainer, "learn", len(batches), tell)


def _losses(model: Any, windows: Sequence[Weighed], tongue: Tongue) -> Iterator[Any]:
    """The parts of a step's loss; they add up to it."""
    import torch  # an extra, and slow to import

    whole = sum(sum(window.learnt[1:]) for window, _ in windows) or 1
    for group in _passes(windows, _TOGETHER[tongue.device]):
        longest = max(len(window.tokens) for window, _ in group)
        tokens = torch.zeros(len(group), longest, dtype=torch.long)
        there, learnt = torch.zeros_like(tokens), torch.zeros(len(group), longest, dtype=torch.float32)
        for row, (window, weight) in enumerate(group):
            length = len(window.tokens)
            tokens[row, :length] = torch.tensor(window.tokens)
            there[row, :length] = 1
            learnt[row, :length] = torch.tensor(window.learnt) * weight
        tokens, there, learnt = (each.to(tongue.device) for each in (tokens, there, learnt))
        places = learnt[:, 1:].sum(dim=0).nonzero()[:, 0]  # only these need scores over the whole vocabulary
        scores = model(input_ids=tokens, attention_mask=there, logits_to_keep=places, use_cache=False).logits
        each = torch.nn.functional.cross_entropy(
            scores.float().flatten(0, 1), tokens[:, places + 1].flatten(), reduction="none"
        )
        yield (each * learnt[:, places + 1].flatten()).sum() / whole


def _passes(windows: Sequence[Weighed], most: int) -> Iterator[list[Weighed]]:
    """Windows of like length together, as many as hold no more tokens than `most` when filled up."""
    group: list[Weighed] = []
    for one in sorted(windows, key=lambda each: len(each[0].tokens)):
        if group and len(one[0].tokens) * (len(group) + 1) > most:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def told(trainer: Any, part: Literal["learn", "prefer"], steps: int, tell: Tell) -> Any:
    """The trainer, with `news` that it tells of every step; it prints nothing and marks checkpoints that are whole."""
    from transformers import PrinterCallback, TrainerCallback  # an extra, and slow to import

    class News(TrainerCallback):  # type: ignore[misc, unused-ignore]  # a library without types
        """Hears losses from the loop, steps from the trainer."""

        def __init__(self) -> None:
            self.loss: float | None = None
            self.tokens, self.began = 0, time.monotonic()

        def hear(self, loss: float, tokens: int) -> None:
            if not math.isfinite(loss):
                raise InputError("the loss is no number any more", fix="lower the rate (--lr), or look at the set")
            self.loss, self.tokens = loss, self.tokens + tokens

        def tell(self, step: int) -> None:
            seconds = time.monotonic() - self.began
            tell(Tuning(part=part, step=step, steps=steps, loss=self.loss, tokens=self.tokens, seconds=seconds))

        def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            self.began = time.monotonic()

        def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            self.tell(state.global_step)

        def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            mark_whole(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    trainer.news = News()
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(trainer.news)
    return trainer
