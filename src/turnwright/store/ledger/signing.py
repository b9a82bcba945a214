"""Signed tree heads: who says that a log was this at this size (Ed25519, RFC 8032), over canonical JSON (RFC 8785).

The private key lies in one file that only its owner can read and is never written anywhere else. Nothing here knows
what the log is about.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from turnwright.errors import InputError
from turnwright.records import canonical
from turnwright.store.files import sync_folder
from turnwright.store.ledger.log import Head

__all__ = ["FORMAT", "SignedHead", "SigningKey", "is_signed_by", "key_id", "make_key", "read_key", "sign"]

FORMAT = "turnwright-head-1"
PRIVATE, PUBLIC = ".key", ".pub"
MAKE = "make one with `turnwright keys`"


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head with its signature. log: which log (the id of the spec that made it). previous: the head that was signed
    before, "" for the first. key: id of the public key. signature: base64 over all other fields in canonical JSON.
    """

    log: str
    size: int
    root: str
    key: str
    signature: str
    previous: str = ""
    format: str = FORMAT

    @property
    def head(self) -> Head:
        """Size and root alone."""
        return Head(size=self.size, root=self.root)


class SigningKey:
    """A private key that can sign and cannot be printed. id: of its public half, which `public` is (32 bytes)."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """Signature of 64 bytes; the same message gives the same one."""
        return self._key.sign(message)

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not to be copied or sent anywhere")


def make_key(folder: Path, name: str) -> Path:
    """Make a key pair: `NAME.key` (for its owner alone) and `NAME.pub` (64 hex digits); returns the private one's path.

    Raises:
        InputError: there is one of this name, or the folder cannot be written.
    """
    private = folder / f"{name}{PRIVATE}"
    key = Ed25519PrivateKey.generate()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private.with_suffix(PUBLIC).write_text(f"{SigningKey(key).public.hex()}\n", encoding="ascii")
        sync_folder(folder)
    except FileExistsError:
        raise InputError("a key of this name is there already", where=str(private), fix="choose another name") from None
    except OSError as fault:
        what = f"a key cannot be written ({fault.strerror})"
        raise InputError(what, where=str(private), fix="choose a folder that can be written") from None
    return private


def read_key(path: Path) -> SigningKey:
    """Read a private key.

    Raises:
        InputError: it is missing, no Ed25519 key, or others can read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise InputError("others can read this private key", where=str(path), fix=f"chmod 600 {path.name}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as fault:
        raise InputError(f"cannot be read ({fault.strerror})", where=str(path), fix=MAKE) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError("not a private key", where=str(path), fix=MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("not an Ed25519 key", where=str(path), fix=MAKE)
    return SigningKey(key)


def key_id(public: bytes) -> str:
    """Short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def sign(head: Head, key: SigningKey, *, log: str, previous: str = "") -> SignedHead:
    """Sign a head."""
    unsigned = SignedHead(log=log, size=head.size, root=head.root, key=key.id, signature="", previous=previous)
    return msgspec.structs.replace(unsigned, signature=b64encode(key.sign(_told(unsigned))).decode("ascii"))


def is_signed_by(signed: SignedHead, public: bytes) -> bool:
    """Whether this public key (32 bytes) signed exactly this head."""
    if signed.format != FORMAT or signed.key != key_id(public):
        return False
    try:
        made = b64decode(signed.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(made, _told(signed))
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return b64encode(made).decode("ascii") == signed.signature  # the last character has bits that decoding ignores


def _told(signed: SignedHead) -> bytes:
    """What is signed: every field but the signature."""
    fields = msgspec.structs.asdict(signed)
    del fields["signature"]
    return canonical(fields)
