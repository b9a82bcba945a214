"""The live display of a run: scenarios done, admitted, rejected, tokens and what is going on."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from turnwright.cli.console import err
from turnwright.engine import (
    Answered,
    CallMade,
    Concluded,
    Event,
    Notice,
    Planting,
    RunEnded,
    RunStarted,
    Simulating,
)
from turnwright.engine.batches.words import verdict_lines
from turnwright.engine.events import Judged

__all__ = ["EVERY", "Display", "Progress"]

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Display:
    """Bars that are drawn while it is entered. `bars` takes tasks with a field `note`."""

    def __init__(self, *, live: bool) -> None:
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not live,
        )

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()


class Progress(Display):
    """Hears the events of a run and draws them; plain lines every ten seconds where there is no terminal."""

    def __init__(self, *, quiet: bool, what: str = "conversations") -> None:
        self.quiet, self.what = quiet, what
        self.live = err.is_terminal and not quiet
        super().__init__(live=self.live)
        self.task: TaskID | None = None
        self.total = self.done = self.admitted = self.calls = self.replayed = self.tokens = 0
        self.spoke = self.began = time.monotonic()

    def hear(self, event: Event) -> None:
        """Take one event of the run."""
        if isinstance(event, RunStarted):
            self.total, self.done = event.scenarios, event.done
            self.task = self.bars.add_task(self.what, total=event.scenarios, completed=event.done, note="")
        elif isinstance(event, Notice):
            err.print(Text(f"note: {event.text}", style="red"))
        elif isinstance(event, Judged):
            self.admitted -= event.verdict.quarantined
            for line in verdict_lines(event.verdict):
                err.print(Text(line, style="yellow"))
        elif isinstance(event, Planting):
            self.done, self.total, self.what = event.clean, 0, "clean conversations"
        elif isinstance(event, Answered):
            self.done, self.total, self.what = event.answered, event.of, "answers at most"
        elif isinstance(event, CallMade):
            self.calls += 1
            self.replayed += event.replayed
            self.tokens += 0 if event.replayed else event.usage.tokens
        elif isinstance(event, Concluded):
            self.done += 1
            self.admitted += event.admission.admitted
        if not isinstance(event, Simulating):
            self.draw(last=isinstance(event, RunEnded))

    def draw(self, *, last: bool = False) -> None:
        """Show the state; without a terminal only now and then."""
        sent = self.calls - self.replayed
        note = f"{sent:,} calls · {self.tokens:,} tokens"
        if self.what == "conversations":
            note = f"{self.admitted} admitted, {self.done - self.admitted} rejected · {note}"
        note += f" · {self.replayed:,} from the journal" if self.replayed else ""
        if self.task is None and self.what != "conversations":
            self.task = self.bars.add_task(self.what, total=None, note=note)
        if self.task is not None:
            self.bars.update(self.task, description=self.what, completed=self.done, total=self.total or None, note=note)
        now = time.monotonic()
        if not (self.live or self.quiet) and (last or now - self.spoke >= EVERY):
            self.spoke = now
            of = f"/{self.total}" if self.total else ""
            err.print(
                f"[{now - self.began:5.0f} s] {self.done}{of} {self.what} · {note}",
                markup=False,
            )

    def downloading(self, name: str) -> Callable[[int, int], None]:
        """Return a callback (bytes so far, bytes in all) that draws a download."""
        bars = Bars(TextColumn("fetching " + name), BarColumn(), DownloadColumn(), console=err, disable=not self.live)
        task = bars.add_task("download", total=None)
        self.bars.stop()
        bars.start()

        def tell(so_far: int, total: int) -> None:
            bars.update(task, completed=so_far, total=total or None)
            if total and so_far >= total:
                bars.stop()

        return tell
