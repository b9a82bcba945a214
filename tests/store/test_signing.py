"""Signed heads: what is signed cannot be changed, and the private key stays where it is."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from turnwright.errors import InputError
from turnwright.store.ledger.log import Head
from turnwright.store.ledger.signing import SignedHead, is_signed_by, make_key, read_key, sign

HEAD = Head(size=7, root="ab" * 32)


def test_a_signed_head_is_known_by_its_key_and_signing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    key = read_key(make_key(tmp_path, "mine"))
    signed = sign(HEAD, key, log="sp_1")
    assert is_signed_by(signed, key.public)
    assert sign(HEAD, key, log="sp_1") == signed
    assert signed.head == HEAD


@pytest.mark.parametrize(
    "change",
    [{"size": 8}, {"root": "ac" * 32}, {"log": "sp_2"}, {"previous": "x"}, {"format": "other"}, {"key": "0" * 16},
     {"signature": "AAAA"}, {"signature": "not base64"}],
)  # fmt: skip
def test_a_head_that_was_changed_in_any_field_is_not_signed(tmp_path: Path, change: dict[str, object]) -> None:
    key = read_key(make_key(tmp_path, "mine"))
    forged: SignedHead = msgspec.structs.replace(sign(HEAD, key, log="sp_1"), **change)
    assert not is_signed_by(forged, key.public)


def test_anothers_signature_is_not_mine(tmp_path: Path) -> None:
    mine, other = read_key(make_key(tmp_path, "mine")), read_key(make_key(tmp_path, "other"))
    assert not is_signed_by(sign(HEAD, other, log="sp_1"), mine.public)


def test_a_private_key_is_its_owners_alone_and_cannot_be_copied_or_printed(tmp_path: Path) -> None:
    path = make_key(tmp_path / "keys", "mine")
    assert path.stat().st_mode & 0o777 == 0o600
    key = read_key(path)
    secret = path.read_text()
    assert "PRIVATE" not in repr(key)
    assert "PRIVATE" not in path.with_suffix(".pub").read_text()
    for way in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            way(key)
    with pytest.raises(InputError, match="there already"):
        make_key(tmp_path / "keys", "mine")
    assert path.read_text() == secret


def test_a_key_that_others_can_read_is_no_key_or_is_not_there_is_refused(tmp_path: Path) -> None:
    path = make_key(tmp_path, "mine")
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        read_key(path)
    (tmp_path / "bad.key").write_text("nothing")
    (tmp_path / "bad.key").chmod(0o600)
    with pytest.raises(InputError, match="not a private key"):
        read_key(tmp_path / "bad.key")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "rsa.key").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "rsa.key").chmod(0o600)
    with pytest.raises(InputError, match="Ed25519"):
        read_key(tmp_path / "rsa.key")
    with pytest.raises(InputError, match="turnwright keys"):
        read_key(tmp_path / "none.key")
