"""How many threads llama.cpp should compute with: as many cores as are ours and free, and no more.

Its threads wait for one another in busy loops many times a token. One thread more than there are free cores
costs not its share but nearly everything: with two threads on two cores that other work kept busy, 5 to 19
tokens a second were measured where one thread made 60 to 99. The look is taken once, when a model is loaded.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["free_cores", "own_cores"]

_LOOK_SECONDS = 0.2
_ROUNDING = 0.4
_STAT = Path("/proc/stat")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def free_cores() -> int:
    """Return how many of this process's cores stand idle just now, at least 1 (all of them where nobody counts)."""
    own = own_cores()
    before = _idle_and_total()
    if before is None or own == 1:
        return own
    time.sleep(_LOOK_SECONDS)
    after = _idle_and_total()
    if after is None or after[1] <= before[1]:
        return own
    idle = (after[0] - before[0]) / (after[1] - before[1]) * len(_allowed())
    return max(1, min(own, int(idle + _ROUNDING)))


def own_cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    return max(1, min(len(_allowed()), _quota()))


def _allowed() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _quota() -> int:
    try:
        most, period = _QUOTA.read_text().split()
        return int(int(most) / int(period) + _ROUNDING)
    except (OSError, ValueError):
        return os.cpu_count() or 1


def _idle_and_total() -> tuple[int, int] | None:
    """Return the idle and all clock ticks of the allowed cores since boot, None where there is no /proc/stat."""
    try:
        lines = [line.split() for line in _STAT.read_text().splitlines() if line.startswith("cpu")]
    except OSError:
        return None
    names = {f"cpu{core}" for core in _allowed()}
    ticks = [[int(count) for count in line[1:9]] for line in lines if line[0] in names]
    return sum(row[3] + row[4] for row in ticks), sum(sum(row) for row in ticks)
