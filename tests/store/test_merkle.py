"""The log's arithmetic against the vectors of RFC 6962's reference implementation, and against the RFC's recursion."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnwright.store.ledger.merkle import (
    EMPTY,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
    root_of,
)

ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Published with the certificate-transparency reference code."""


# --- a second implementation, straight from the recursive text of RFC 6962, 2.1: it shares nothing with ours -------


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], known: bool) -> list[bytes]:
    if m == len(entries):
        return [] if known else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def nodes_of(entries: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda level, index: mth(entries[index << level : (index + 1) << level])


def made(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert root_of(size, nodes_of(ENTRIES)).hex() == ROOTS[size - 1]


def test_an_empty_log_has_the_hash_of_nothing() -> None:
    assert root_of(0, nodes_of([])) == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 33])
def test_every_inclusion_proof_is_the_one_of_the_rfc_and_leads_to_the_root(size: int) -> None:
    entries = made(size)
    for index in range(size):
        proof = inclusion_proof(index, size, nodes_of(entries))
        assert proof == path(index, entries)
        assert root_from_inclusion(leaf_hash(entries[index]), index, size, proof) == mth(entries)


@pytest.mark.parametrize("second", [1, 2, 6, 7, 8, 13])
def test_every_consistency_proof_is_the_one_of_the_rfc_and_holds(second: int) -> None:
    entries = made(second)
    for first in range(1, second + 1):
        proof = consistency_proof(first, second, nodes_of(entries))
        assert proof == subproof(first, entries, True)
        assert is_consistent(first, second, mth(entries[:first]), mth(entries), proof)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.data())
def test_a_changed_proof_entry_or_place_proves_nothing(size: int, data: st.DataObject) -> None:
    entries = made(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, nodes_of(entries))
    root, leaf = mth(entries), leaf_hash(entries[index])
    assert root_from_inclusion(leaf_hash(b"another"), index, size, proof) != root
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index))
    assert root_from_inclusion(leaf, other, size, proof) != root
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = [*proof]
    flipped[place] = bytes([flipped[place][0] ^ 1]) + flipped[place][1:]
    assert root_from_inclusion(leaf, index, size, flipped) != root
    assert root_from_inclusion(leaf, index, size, proof[:-1]) != root
    assert root_from_inclusion(leaf, index, size, [*proof, root]) != root


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_log_that_was_rewritten_is_not_consistent_with_its_past(first: int, more: int, data: st.DataObject) -> None:
    entries = made(first + more)
    proof = consistency_proof(first, len(entries), nodes_of(entries))
    changed = [*entries]
    changed[data.draw(st.integers(0, first - 1))] = b"rewritten"
    old = mth(entries[:first])
    honest = consistency_proof(first, len(entries), nodes_of(changed))
    for shown in (proof, honest, proof[:-1], [*proof, old]):
        assert not is_consistent(first, len(entries), old, mth(changed), shown)


def test_places_outside_of_the_log_are_refused() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(3, 3, nodes_of(made(3)))
    with pytest.raises(IndexError):
        consistency_proof(4, 3, nodes_of(made(3)))
    assert root_from_inclusion(b"", 3, 3, []) is None
