"""Where a user's signing keys lie: in the user's own configuration and beside no run, so that no export finds one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from turnwright.errors import InputError
from turnwright.store.ledger.signing import PRIVATE, PUBLIC, SigningKey, make_key, read_key

__all__ = ["KEYS", "key_folder", "key_named", "new_key", "public_key", "public_keys"]

KEYS = "TURNWRIGHT_KEYS"
"""Environment variable that names another folder for keys."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def key_folder() -> Path:
    """`$TURNWRIGHT_KEYS`, else `turnwright/keys` in the XDG configuration folder."""
    named = os.environ.get(KEYS)
    if named:
        return Path(named)
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "turnwright" / "keys"


def new_key(name: str) -> Path:
    """Make a key pair of this name; returns where the public half lies, which others may have.

    Raises:
        InputError: the name cannot be a file's, there is one of this name, or the folder cannot be written.
    """
    return make_key(key_folder(), _checked(name)).with_suffix(PUBLIC)


def key_named(name: str) -> SigningKey:
    """The signing key of this name.

    Raises:
        InputError: there is none, or it cannot be used.
    """
    path = key_folder() / f"{_checked(name)}{PRIVATE}"
    if not path.exists():
        fix = f"make it with `turnwright keys {name}`"
        raise InputError(f"there is no key '{name}'", where=str(path.parent), fix=fix)
    return read_key(path)


def public_keys() -> dict[str, bytes]:
    """Name → public key (32 bytes) of every key here."""
    return {path.stem: public_key(path) for path in sorted(key_folder().glob(f"*{PUBLIC}"))}


def public_key(path: Path) -> bytes:
    """Read a public key: 64 hex digits.

    Raises:
        InputError: it cannot be read or is not one.
    """
    try:
        found = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as fault:
        raise InputError(f"cannot be read ({fault.strerror})", where=str(path), fix="name a .pub file") from None
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError("not a public key", where=str(path), fix="name a .pub file of `turnwright keys`")
    return found


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot be a key's name", fix="use letters, digits, '-', '_' and '.'")
    return name
