"""What gates said of batches: kept in turn, found again, and what is in quarantine is out of the set and not lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import SPEC, concluded

from turnwright.errors import RunCorrupt, StoreError
from turnwright.records import canonical
from turnwright.records.fidelity import BatchVerdict, GateOutcome, Raised
from turnwright.store import Run, open_run, read_run
from turnwright.store.packing import pack


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run", spec=SPEC, durability="process") as opened:
        yield opened


def verdict(look: int, **more: object) -> BatchVerdict:
    outcome = GateOutcome(
        gate="act_mix <= 0.1", monitor="act_mix", look=look, state="breached", action="quarantine", value=0.2, low=0.12,
        high=0.3, alpha=0.01,
    )  # fmt: skip
    quota = Raised(factor="tone", level="angry", before=0.1, after=0.3, quota=9, because=("act: sorry",))
    values = {"number": look, "first": 10 * look - 10, "last": 10 * look - 1, "batch": 10, "so_far": 10, **more}
    return BatchVerdict(
        look=look, outcomes=(outcome,), action="quarantine", quotas=(quota,), missing=("act: sorry",), **values
    )  # type: ignore[arg-type]


async def test_verdicts_come_back_as_they_were_in_order_of_looks(run: Run, tmp_path: Path) -> None:
    wanted = (verdict(1), verdict(2), verdict(3, number=2))
    for one in wanted:
        await run.records.batches.keep(one)
    with read_run(tmp_path / "run") as again:
        assert again.records.batches.verdicts() == wanted


async def test_a_look_out_of_turn_is_refused(run: Run) -> None:
    with pytest.raises(StoreError, match="out of turn"):
        await run.records.batches.keep(verdict(2))
    assert run.records.batches.verdicts() == ()


async def test_what_is_in_quarantine_is_neither_admitted_nor_rejected_and_still_there(run: Run) -> None:
    for ordinal in range(6):
        taken = ordinal != 4
        await run.records.conclude(concluded(ordinal, admitted=taken, reason="admitted" if taken else "odd"))
    await run.records.batches.keep(verdict(1), (1, 2))
    records = run.records
    assert [one.ordinal for one in records.admissions(admitted=True)] == [0, 3, 5]
    assert [one.ordinal for one in records.admissions(admitted=False)] == [4]
    assert [one.ordinal for one in records.admissions()] == list(range(6))
    assert [one.scenario.ordinal for one in records.concluded(admitted=True)] == [0, 3, 5]
    assert len(list(records.conversations(admitted=True))) == 3
    assert records.admitted() == 3
    assert records.outcomes() == {("admit", "admitted"): 3, ("admit", "odd"): 1, ("monitor", "quarantined"): 2}
    assert records.concluded_at(1).quarantined == 1
    assert records.concluded_at(1).conversation == concluded(1).conversation
    assert records.concluded_at(0).quarantined == 0
    assert records.batches.ordinals() == (1, 2)


async def test_a_verdict_that_was_changed_on_disk_is_refused(run: Run, tmp_path: Path) -> None:
    await run.records.batches.keep(verdict(1))
    run.close()
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as opened:
        opened.execute("UPDATE batches SET body = ?", (pack(canonical(verdict(1, batch=11))),))
        opened.commit()
    with read_run(tmp_path / "run") as again, pytest.raises(RunCorrupt, match="not what was written"):
        again.records.batches.verdicts()
