"""The command line: thin commands over `turnwright.api`, one line for every error."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit: 0 done, 1 our fault, 2 bad input, 3 a cap was met, 130 interrupted."""
    try:
        from turnwright.cli.app import run_app  # here, so that Ctrl-C while everything is loaded is no traceback
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run_app(sys.argv[1:]))
