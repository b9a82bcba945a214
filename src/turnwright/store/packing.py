"""Bytes as they lie in the run database: compressed when that pays, and with a checksum.

SQLite has no checksums of its own for what a row holds, so that a flipped byte in a reply would go unseen.
"""

from __future__ import annotations

import zlib

__all__ = ["pack", "unpack"]

_COMPRESS_FROM = 512  # bytes; below this zlib saves little and costs more than the write
_RAW, _DEFLATED = b"\x00", b"\x01"


def pack(data: bytes) -> bytes:
    """Return a tag byte, the CRC-32 of `data` (4 bytes, big-endian) and `data`, deflated when that is shorter."""
    head = zlib.crc32(data).to_bytes(4, "big")
    if len(data) >= _COMPRESS_FROM:
        squeezed = zlib.compress(data, 1)
        if len(squeezed) < len(data):
            return _DEFLATED + head + squeezed
    return _RAW + head + data


def unpack(blob: bytes) -> bytes:
    """Return what was packed.

    Raises:
        zlib.error: the blob is not what `pack` wrote.
    """
    tag, body = blob[:1], blob[5:]
    if tag not in (_RAW, _DEFLATED):
        raise zlib.error("unknown packing")
    data = zlib.decompress(body) if tag == _DEFLATED else body
    if zlib.crc32(data).to_bytes(4, "big") != blob[1:5]:
        raise zlib.error("a checksum does not match")
    return data
