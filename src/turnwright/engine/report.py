"""`report.html`: one self-contained page that says what a run came to; no network, opens from disk.

All words come from models, tools and users, so everything is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import resources
from itertools import islice
from typing import Any

from jinja2 import Environment, StrictUndefined

from turnwright.design import CoverageReport
from turnwright.engine.batches.words import acted_lines, said, stop_reasons
from turnwright.engine.fidelity import PAGE, kept_fidelity
from turnwright.engine.guards import notes_of
from turnwright.engine.kit import Kit
from turnwright.engine.summary import Summary
from turnwright.engine.worth_page import worth_section
from turnwright.export import Manifest
from turnwright.monitor.page import wording
from turnwright.records import Json, canonical
from turnwright.store import Concluded, Run, write_text

__all__ = ["write_report"]

GOOD, BAD = 6, 3
"""How many admitted and rejected conversations are shown."""


def write_report(kit: Kit, summary: Summary, coverage: CoverageReport, manifest: Manifest) -> None:
    """Write `report.html` into the run folder."""
    source = resources.files("turnwright.engine").joinpath("pages", "report.html.j2").read_text(encoding="utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = page.from_string(source).render(
        spec=kit.spec,
        domain=kit.domain,
        summary=summary,
        coverage=coverage,
        manifest=manifest,
        rows=[*sorted(summary.usage.items()), ("all", summary.total), ("of it for rejects", summary.spent_on_rejects)],
        levels=_levels(kit),
        examples=list(_examples(kit.run)),
        guards=kit.guards,
        fidelity=kept_fidelity(kit.run.folder.path, summary.admitted),
        fidelity_page=PAGE,
        wording=wording,
        verdicts=kit.judging.verdicts if kit.judging is not None else (),
        stopped=stop_reasons(kit.judging.verdicts) if kit.judging is not None else (),
        said=said,
        acted_lines=acted_lines,
        worth=worth_section(kit.run.folder.path, summary.admitted),
        notes=notes_of(kit.arbiter, kit.fingerprints),
        unguarded=[guard for guard in kit.guards.table if not guard.guarded_by],
        pct=_percent,
        json=_json,
    )
    write_text(kit.run.folder.path / "report.html", text)


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _json(value: Json) -> str:
    return canonical(value).decode()


def _levels(kit: Kit) -> list[dict[str, Any]]:
    """Target and admitted share of every level, among the scenarios where its factor applies."""
    counts: Counter[tuple[str, str]] = Counter()
    for concluded in kit.run.records.concluded(admitted=True):
        counts.update(concluded.scenario.levels.items())
    totals: Counter[str] = Counter()
    for (factor, _), n in counts.items():
        totals[factor] += n
    return [
        {
            "factor": share.factor,
            "level": share.level,
            "target": share.target,
            "count": counts[share.factor, share.level],
            "share": counts[share.factor, share.level] / max(1, totals[share.factor]),
        }
        for share in kit.design.shares
    ]


def _examples(run: Run) -> Iterator[Concluded]:
    yield from islice(run.records.concluded(admitted=True), GOOD)
    yield from islice(run.records.concluded(admitted=False), BAD)
