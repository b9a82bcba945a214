"""The front door for Python: load a spec, plan it, run it, read what came out.

factory = turnwright.load("factory.yaml")
print(factory.plan())
report = factory.run("out")
for kept in factory.dataset("out").where(intent="refund"):
    print(kept.conversation.text)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from turnwright.design import CoverageReport, Design
from turnwright.domains import Domain
from turnwright.engine import (
    Examined,
    Forecast,
    Listener,
    RunReport,
    Spec,
    design_of,
    domain_of,
    examine,
    export_run,
    forecast,
    guards_of,
    kept,
    licence_at,
    load_spec,
    models_of,
    run_spec,
    silent,
)
from turnwright.export import Kept, Manifest
from turnwright.records import Admission
from turnwright.store import Run, read_run

__all__ = ["Dataset", "Factory", "PlanReport", "RunReport", "load"]


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would do: the design with its coverage, and the expected calls, tokens and money."""

    design: Design
    coverage: CoverageReport
    forecast: Forecast


class Dataset:
    """The admitted conversations of a run, streamed from its folder; filters make narrower views.

    Iterating gives `Kept`: conversation, scenario, blueprint, admission.
    """

    def __init__(self, folder: Path, tests: tuple[Callable[[Kept], bool], ...] = ()) -> None:
        self.folder, self._tests = folder, tests

    def __iter__(self) -> Iterator[Kept]:
        with read_run(self.folder) as run:
            yield from (each for each in kept(run) if all(test(each) for test in self._tests))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def filter(self, test: Callable[[Kept], bool]) -> Dataset:
        """Keep what passes the test."""
        return Dataset(self.folder, (*self._tests, test))

    def where(self, **levels: str) -> Dataset:
        """Keep conversations whose scenario has these levels, e.g. `where(intent="refund", mood="angry")`."""
        return self.filter(lambda each: all(each.scenario.levels.get(k) == v for k, v in levels.items()))

    def rejections(self) -> Iterator[Admission]:
        """Stream what was not admitted, with the reasons."""
        with read_run(self.folder) as run:
            yield from run.records.admissions(admitted=False)


class Factory:
    """A checked spec and what can be done with it. `base` is the folder that its paths are relative to."""

    def __init__(self, spec: Spec, base: Path) -> None:
        self.spec, self.base = spec, base

    @property
    def folder(self) -> Path:
        """Where a run goes when no folder is named: `runs/NAME` beside the spec."""
        return self.base / "runs" / self.spec.name

    def domain(self) -> Domain:
        """Load the spec's domain."""
        return domain_of(self.spec, self.base)

    def plan(self) -> PlanReport:
        """Make the design and the forecast. Calls no model and writes nothing."""
        domain = self.domain()
        made = design_of(self.spec, domain)
        return PlanReport(design=made, coverage=made.coverage, forecast=forecast(self.spec, domain, made))

    def run(self, folder: str | Path | None = None, *, listen: Listener = silent, key: str = "") -> RunReport:
        """Run (or go on with) the spec in a folder, and export. See `arun`."""
        return asyncio.run(self.arun(folder, listen=listen, key=key))

    async def arun(self, folder: str | Path | None = None, *, listen: Listener = silent, key: str = "") -> RunReport:
        """Run (or go on with) the spec in a folder, and export what was admitted.

        Args:
            folder: the run folder; `runs/NAME` beside the spec by default.
            listen: hears every event of the run.
            key: name of the key (see `turnwright keys`) that signs the ledger's head at the end of the run.

        Raises:
            InputError: something given is wrong; nothing was written.
            ModelError: an endpoint stayed down; the same call goes on where it stopped.
        """
        place = Path(folder) if folder is not None else self.folder
        return await run_spec(self.spec, self.base, place, listen, key=key)

    def examine(
        self,
        *,
        planted: int = 93,
        controls: int = 61,
        source: str | Path | None = None,
        folder: str | Path | None = None,
        listen: Listener = silent,
    ) -> Examined:
        """Examine the spec's arbiter with planted defects, and write its licence to `arbiter.licence`.

        Args:
            planted: copies a defect class. controls: clean and harmlessly edited conversations.
            source: a run whose admitted conversations are used; the domain's own words by default.
            folder: where exams keep their calls; `exams` beside the spec by default.

        Raises:
            SpecError: there is no arbiter, or it is the teacher's model. InputError: too few clean conversations.
        """
        place = Path(folder) if folder is not None else self.base / "exams"
        taken = Path(source) if source is not None else None
        return asyncio.run(
            examine(self.spec, self.base, folder=place, planted=planted, controls=controls, source=taken, tell=listen)
        )

    def export(self, folder: str | Path | None = None) -> Manifest:
        """Write the exports of a run again, with this spec's export settings."""
        domain = self.domain()
        with read_run(Path(folder) if folder is not None else self.folder) as run:
            models = models_of(run, self.spec)
            guards = guards_of(self.spec, self.base, domain, licence_at(self.spec, self.base), models)
            return export_run(run, domain, self.spec, guards, models)

    def dataset(self, folder: str | Path | None = None) -> Dataset:
        """The admitted conversations of a run."""
        return Dataset(Path(folder) if folder is not None else self.folder)

    def open_run(self, folder: str | Path | None = None) -> Run:
        """Open a run for reading; close it, or use it as a context."""
        return read_run(Path(folder) if folder is not None else self.folder)


def load(path: str | Path) -> Factory:
    """Load a `factory.yaml` (or the folder that holds one).

    Raises:
        SpecError: with file, line and fix.
    """
    place = Path(path)
    return Factory(load_spec(place), place if place.is_dir() else place.parent)
