"""The live display of a training: steps, loss, tokens a second; plain lines every ten seconds without a terminal."""

from __future__ import annotations

import time

from rich.progress import TaskID

from turnwright.cli.console import err
from turnwright.cli.progress import EVERY, Display
from turnwright.train.lora import Tuning

__all__ = ["TuningProgress"]

_PARTS = {"learn": "learning", "prefer": "preferring"}


class TuningProgress(Display):
    """Hears the news of a training and draws them."""

    def __init__(self) -> None:
        super().__init__(live=err.is_terminal)
        self.tasks: dict[str, TaskID] = {}
        self.spoke = 0.0

    def hear(self, news: Tuning) -> None:
        """Take one piece of news."""
        what, note = _PARTS[news.part], _note(news)
        if news.part not in self.tasks:
            self.tasks[news.part] = self.bars.add_task(what, total=news.steps, note="")
            if news.step and news.loss is None:
                err.print(f"going on from step {news.step:,} of {news.steps:,} ({what})")
        self.bars.update(self.tasks[news.part], completed=news.step, note=note)
        now = time.monotonic()
        if not err.is_terminal and (news.step == news.steps or now - self.spoke >= EVERY):
            self.spoke = now
            err.print(f"[{news.seconds:5.0f} s] {what} {news.step:,}/{news.steps:,} · {note}", markup=False)


def _note(news: Tuning) -> str:
    if news.loss is None:
        return "begins"
    return f"loss {news.loss:.3f} · {news.tokens / max(news.seconds, 1e-9):,.0f} tokens/s"
