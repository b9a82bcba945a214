"""Where the command line writes: results to standard output, complaints and progress to standard error."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

__all__ = ["complain", "err", "out"]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(message: str, fix: str = "") -> None:
    """Print one error line; text of models and users is never read as markup."""
    line = Text("error: ", style="bold red")
    line.append(message + (f". Fix: {fix}" if fix else ""), style="default")
    err.print(line)
