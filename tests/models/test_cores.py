"""How many threads the embedded runtime gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from turnwright.models import cores


class Machine:
    """A /proc/stat and a quota that a test writes; `busy` of the four cores work from one look to the next."""

    def __init__(self, folder: Path, busy: float, quota: str) -> None:
        self.stat, self.max = folder / "stat", folder / "cpu.max"
        self.max.write_text(quota)
        self.busy, self.looks = busy, 0

    def pass_time(self, seconds: float = 0.0) -> None:
        self.looks += 1
        idle, work = int((4 - self.busy) * 25 * self.looks), int(self.busy * 25 * self.looks)
        rows = [f"cpu{core} {work} 0 0 {idle} 0 0 0 0 0 0" for core in range(4)]
        self.stat.write_text("\n".join([f"cpu {work * 4} 0 0 {idle * 4} 0 0 0 0 0 0", *rows, "intr 5"]))


def free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: float, quota: str = "max 100000", own: int = 4) -> int:
    machine = Machine(tmp_path, busy, quota)
    machine.pass_time()
    monkeypatch.setattr(cores, "_STAT", machine.stat)
    monkeypatch.setattr(cores, "_QUOTA", machine.max)
    monkeypatch.setattr(cores, "_allowed", lambda: set(range(own)))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr("time.sleep", machine.pass_time)
    return cores.free_cores()


@pytest.mark.parametrize(("busy", "expected"), [(0.0, 4), (0.3, 4), (1.0, 3), (2.5, 1), (4.0, 1)])
def test_only_free_cores_are_computed_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: float, expected: int
) -> None:
    assert free(tmp_path, monkeypatch, busy) == expected


def test_the_quota_of_a_container_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert free(tmp_path, monkeypatch, 0.0, quota="200000 100000") == 2
    assert free(tmp_path, monkeypatch, 0.0, quota="10000 100000") == 1


def test_the_affinity_of_the_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert free(tmp_path, monkeypatch, 0.0, own=1) == 1
    assert free(tmp_path, monkeypatch, 0.0, own=3) == 3


def test_where_nobody_counts_every_core_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_STAT", tmp_path / "absent")
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "absent")
    assert cores.free_cores() == cores.own_cores() >= 1
