"""Export of a run: streams what was admitted out of the run database into the export stage."""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.domains import Domain
from turnwright.engine.spec import Spec
from turnwright.export import Kept, Manifest, export
from turnwright.store import Run

__all__ = ["export_run", "kept"]


def kept(run: Run) -> Iterator[Kept]:
    """Stream the admitted conversations of a run with what they were made from, in order of ordinals."""
    for concluded in run.records.concluded(admitted=True):
        assert concluded.blueprint is not None
        assert concluded.conversation is not None
        yield Kept(
            conversation=concluded.conversation,
            scenario=concluded.scenario,
            blueprint=concluded.blueprint,
            admission=concluded.admission,
        )


def export_run(run: Run, domain: Domain, spec: Spec) -> Manifest:
    """Write the exports of a run into its folder; equal runs give equal bytes."""
    return export(kept(run), domain, spec.export, run.folder.exports, spec_hash=spec.id)
