"""Text of strangers in Markdown: what domains, models and endpoints said stays words, never markup, HTML or a link.

For CommonMark with GitHub's tables and bare links, which is what dataset hubs render.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["UNKNOWN", "escaped", "known", "table"]

UNKNOWN = "unknown"


def escaped(text: str) -> str:
    """Text as it reads, on one line: nothing in it is markup, HTML or a link; invisible characters are dropped."""
    plain = " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = re.sub(r"([\\`*_\[\]|#~!$])", r"\\\1", plain)
    plain = re.sub(r"^([-+=]|\d+(?=[.)]))", lambda start: _lead(start[0]), plain)
    return re.sub(r"(?i)(://)|\bwww\.", lambda link: r"\://" if link[1] else link[0][:-1] + r"\.", plain)


def _lead(start: str) -> str:
    """What would open a list or an underline at the beginning of a line."""
    return f"&#{ord(start[0])};{start[1:]}"


def known(text: str) -> str:
    """The text as it reads, `unknown` where there is none."""
    return escaped(text) or UNKNOWN


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; the cells are escaped already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
