"""What a thing is, decides what it is called: ids are hashes of canonical content.

Resume, cache, provenance and de-duplication all compare these ids. Canonical form is UTF-8 JSON with sorted keys and
no white space, byte for byte what `json.dumps(..., sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes
for the values that records hold, so that an outsider can recompute every id with the standard library.
"""

from __future__ import annotations

import hashlib
import random
from functools import cached_property
from typing import Any, ClassVar

import msgspec

__all__ = ["Json", "Record", "canonical", "content_id", "derive_seed", "seeded"]

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with string keys."""

_encoder = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """Encode a record or a JSON value in canonical form."""
    return _encoder.encode(value)


def content_id(prefix: str, value: Any) -> str:
    """Return `prefix_` and the first 32 hex digits of the SHA-256 of the canonical form."""
    return f"{prefix}_{hashlib.sha256(canonical(value)).hexdigest()[:32]}"


def derive_seed(*parts: Any) -> int:
    """Return a seed in [0, 2**31) that depends on every part, the same on every machine."""
    return int.from_bytes(hashlib.sha256(canonical(parts)).digest()[:4], "big") >> 1


def seeded(*parts: Any) -> random.Random:
    """Return a random generator of its own for these parts."""
    return random.Random(derive_seed(*parts))


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """A frozen noun whose `id` is the hash of its content (so the id is never part of the content)."""

    prefix: ClassVar[str] = "rc"

    @cached_property
    def id(self) -> str:
        """Content id, e.g. `cv_9f86d081884c7d659a2feaa0c55ad015`."""
        return content_id(self.prefix, self)
