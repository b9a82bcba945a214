"""The arithmetic of an append-only Merkle log (RFC 6962, section 2; names of RFC 9162): roots, proofs, their checks.

Pure functions over 32-byte SHA-256 hashes. Where hashes lie is the business of whoever gives `nodes`; what an entry
says is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "EMPTY",
    "Nodes",
    "consistency_proof",
    "inclusion_proof",
    "is_consistent",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "root_of",
]

EMPTY = hashlib.sha256().digest()
"""Root of a log without entries."""

Nodes = Callable[[int, int], bytes]
"""(level, index) → hash over the entries [index << level, (index + 1) << level), all of which must exist."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry; the prefix keeps an entry from being passed off as an inner node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(size: int, nodes: Nodes) -> bytes:
    """Root over the first `size` entries."""
    return _range(0, size, nodes) if size else EMPTY


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Sibling hashes from the entry up to the root over `size` entries: at most one a level.

    Raises:
        IndexError: there is no such entry among so many.
    """
    if not 0 <= index < size:
        raise IndexError(f"entry {index} of a log of {size}")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range(middle, high, nodes))
            high = middle
        else:
            proof.append(_range(low, middle, nodes))
            low = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, nodes: Nodes) -> list[bytes]:
    """Hashes that show that the log of `second` entries begins with the log of `first`.

    Raises:
        IndexError: not 0 <= first <= second.
    """
    if not 0 <= first <= second:
        raise IndexError(f"a log of {second} does not begin with one of {first}")
    if first in (0, second):
        return []
    proof: list[bytes] = []
    low, high, whole = 0, second, True
    while first < high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_range(middle, high, nodes))
            high = middle
        else:
            proof.append(_range(low, middle, nodes))
            low, whole = middle, False
    if not whole:
        proof.append(_range(low, high, nodes))
    return proof[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that this proof leads to (RFC 9162, 2.1.3.2); None for a proof that cannot be one."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the log with root `new` begins with that of root `old` (RFC 9162, 2.1.4.2)."""
    if first == 0:
        return not proof and old == EMPTY and (second > 0 or new == EMPTY)
    if first == second:
        return not proof and old == new
    if not 0 < first < second or not proof:
        return False
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old and after == new


def _range(low: int, high: int, nodes: Nodes) -> bytes:
    """Hash over the entries [low, high); `low` is a multiple of the largest power of two that fits in."""
    peaks = [nodes(level, index) for level, index in _peaks(low, high)]
    found = peaks.pop()
    while peaks:
        found = node_hash(peaks.pop(), found)
    return found


def _peaks(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The whole subtrees that make up a range, from the left, largest first."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
