"""Where the command line writes: results to standard output, complaints and progress to standard error.

And how one turn reads on a line, wherever it is printed whole.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from turnwright.records import Turn, canonical

__all__ = ["complain", "err", "out", "said"]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(message: str, fix: str = "") -> None:
    """Print one error line; text of models and users is never read as markup."""
    line = Text("error: ", style="bold red")
    line.append(message + (f". Fix: {fix}" if fix else ""), style="default")
    err.print(line)


def said(turn: Turn) -> str:
    """A turn on one line: its words, the call it makes, or the result it gives."""
    if turn.call is not None:
        return f"→ {turn.call.name}({canonical(turn.call.arguments).decode()})"
    if turn.result is not None:
        return f"← {turn.result.error or canonical(turn.result.content).decode()}"
    return turn.text
