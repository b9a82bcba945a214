"""How many threads the embedded runtime gets, and how they wait."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from turnwright.models import cores


def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, quota: str, allowed: int) -> int:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(cores, "_allowed", lambda: allowed)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    return cores.own_cores()


def test_the_quota_of_a_container_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own(tmp_path, monkeypatch, quota="200000 100000", allowed=4) == 2
    assert own(tmp_path, monkeypatch, quota="10000 100000", allowed=4) == 1


def test_the_affinity_of_the_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own(tmp_path, monkeypatch, quota="max 100000", allowed=3) == 3


def test_where_nobody_counts_every_core_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "absent")
    assert cores.own_cores() >= 1


def test_threads_go_to_sleep_soon_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    cores.wait_politely()
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    cores.wait_politely()
    assert os.environ["GOMP_SPINCOUNT"] == cores.SPINS
    monkeypatch.delenv("GOMP_SPINCOUNT")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    cores.wait_politely()
    assert "GOMP_SPINCOUNT" not in os.environ
