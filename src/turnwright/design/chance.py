"""Random numbers in bulk, from the project's seeded generators only.

The bytes of Python's Mersenne Twister are the same on every machine and in every version; streams of
`numpy.random.Generator` are not promised to be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnwright.records import seeded

__all__ = ["uniforms"]


def uniforms(shape: tuple[int, ...], *parts: Any) -> NDArray[np.float64]:
    """Return uniform numbers in [0, 1 - 2**-32] of this shape, decided by the parts alone."""
    words = np.frombuffer(seeded(*parts).randbytes(4 * int(np.prod(shape))), dtype="<u4")
    return (words.astype(np.float64) / 2.0**32).reshape(shape)
