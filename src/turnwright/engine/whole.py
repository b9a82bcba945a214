"""A whole run from its spec: open, flow, summarise, export, report. Everybody who runs a spec comes through here."""

from __future__ import annotations

from pathlib import Path

import msgspec

from turnwright.design import CoverageReport
from turnwright.engine.assemble import open_kit
from turnwright.engine.bundling import signer
from turnwright.engine.events import Listener, silent
from turnwright.engine.exporting import export_run, kept
from turnwright.engine.fidelity import keep_fidelity, kept_fidelity
from turnwright.engine.guards import notes_of
from turnwright.engine.local import Ending, run_flow
from turnwright.engine.privacy import notes_on_personal_data
from turnwright.engine.report import write_report
from turnwright.engine.seeding import notes_on_copies
from turnwright.engine.spec import Spec
from turnwright.engine.summary import Summary, summarise
from turnwright.export import Manifest
from turnwright.records.fidelity import BatchVerdict, Fidelity

__all__ = ["RunReport", "run_spec"]


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did. coverage: reached by the admitted conversations. unguarded: classes that nothing looked for.

    notes: what the run showed about its arbiters, and words of real people that were repeated.
    verdicts: what the gates said, batch by batch. fidelity: how like the reference the set is, None where that was not
    measured.
    """

    ending: Ending
    folder: Path
    summary: Summary
    coverage: CoverageReport
    manifest: Manifest
    unguarded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verdicts: tuple[BatchVerdict, ...] = ()
    fidelity: Fidelity | None = None


async def run_spec(spec: Spec, base: Path, folder: Path, tell: Listener = silent, *, key: str = "") -> RunReport:
    """Run a spec in a folder (or go on with it), and export what was admitted.

    Args:
        base: the folder that the spec's paths are relative to.
        key: name of the key that signs the ledger's head at the end (`head.json`); nobody does where it is empty.

    Raises:
        InputError: something given is wrong; nothing was written.
        ModelError: an endpoint stayed down; the same call goes on where it stopped.
    """
    signing = signer(key)
    async with open_kit(spec, base, folder, tell) as kit:
        ending = await run_flow(kit)
        summary = summarise(kit.run, len(kit.design), spec.lenses)
        unmeasured = await keep_fidelity(kit) if ending != "interrupted" else ()
        coverage = kit.design.coverage_of(each.scenario.levels for each in kept(kit.run))
        manifest = export_run(kit.run, kit.domain, spec, kit.guards, kit.fingerprints)
        write_report(kit, summary, coverage, manifest)
        signing(kit.run)
        return RunReport(
            ending=ending,
            folder=folder,
            summary=summary,
            coverage=coverage,
            manifest=manifest,
            unguarded=tuple(guard.defect for guard in kit.guards.table if not guard.guarded_by),
            notes=(
                *notes_of(kit.arbiter, kit.fingerprints),
                *notes_on_copies(kit.run, kit.spec, kit.domain),
                *notes_on_personal_data(kit.run, kit.spec.privacy.personal_data, kit.domain),
                *unmeasured,
            ),
            verdicts=kit.judging.verdicts if kit.judging is not None else (),
            fidelity=kept_fidelity(folder, summary.admitted),
        )
