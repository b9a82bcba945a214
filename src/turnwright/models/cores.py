"""How llama.cpp's threads get along with other work: as many as there are cores that are ours, and waiting asleep.

Its threads meet at a barrier many times a token, and by default wait there in a busy loop. As soon as other work
takes a core, the one that holds everybody up is the one that is not running, while the others burn what it needs.
Tokens a second of SmolLM2-135M with two threads on two cores, beside one other busy process and alone: 5 and 195 as
OpenMP comes; 90 and 131 when waiting asleep at once; 51 to 58 and 159 when asleep after a short look (5,000 turns).
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["own_cores", "wait_politely"]

SPINS = "5000"
_ROUNDING = 0.4
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def wait_politely() -> None:
    """Have OpenMP's threads look for a moment and then sleep; call it before the native runtime is loaded.

    What the user has set (OMP_WAIT_POLICY, GOMP_SPINCOUNT) stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def own_cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    return max(1, min(_allowed(), _quota()))


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota() -> int:
    try:
        most, period = _QUOTA.read_text().split()
        return int(int(most) / int(period) + _ROUNDING)
    except (OSError, ValueError):
        return os.cpu_count() or 1
