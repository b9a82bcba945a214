"""The generating half of a round: one normal run a domain, with what is left of its caps, and what it gave.

What the conversations are for is not known here. A run that stands complete is only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import yaml

from turnwright.engine.catalogue import ELAPSED
from turnwright.engine.spec import CapSpec, Spec
from turnwright.errors import CapReached
from turnwright.records import Usage
from turnwright.store import read_run, write_text

__all__ = ["capped", "is_complete", "write_spec"]

HEAD = "# Written by `turnwright loop`. Relative paths start at the folder of the spec that the loop was given.\n"


def is_complete(folder: Path, scenarios: int) -> bool:
    """Whether the run in this folder has the last word on all its scenarios, and its exports, and was not stopped."""
    if not (folder / "run.db").exists() or not (folder / "report.html").exists():
        return False
    with read_run(folder) as run:
        verdicts = run.records.batches.verdicts()
        stopped = bool(verdicts) and verdicts[-1].action == "stop"  # whether it still is, the run itself must say
        return run.records.done_up_to() >= scenarios and not stopped


def write_spec(spec: Spec, path: Path) -> None:
    """Write what a round runs by, for people to read."""
    plain = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    plain.pop("habits", None)  # what they say stands in the spec already
    write_text(path, HEAD + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def capped(spec: Spec, earlier: Sequence[Path]) -> Spec:
    """The spec with what the runs in these folders have left of its caps: a cap holds over all rounds of a spec.

    Raises:
        CapReached: nothing is left.
    """
    caps = spec.caps
    if caps == CapSpec() or not earlier:
        return spec
    paid, minutes = Usage(), 0.0
    for folder in earlier:
        with read_run(folder) as run:
            paid = sum(run.journal.totals().values(), paid)
            minutes += float(run.records.meta(ELAPSED) or b"0") / 60
    left = {
        "money": None if caps.money is None else Decimal(caps.money) - Decimal(paid.money) / 1_000_000,
        "tokens": None if caps.tokens is None else caps.tokens - paid.tokens,
        "calls": None if caps.calls is None else caps.calls - paid.calls,
        "minutes": None if caps.minutes is None else caps.minutes - minutes,
    }
    spent = next((name for name, rest in left.items() if rest is not None and rest <= 0), None)
    if spent is not None:
        raise CapReached(f"the cap on {spent} is used up by earlier rounds", where="caps", fix=f"raise caps.{spent}")
    rest = {name: str(value) if isinstance(value, Decimal) else value for name, value in left.items()}
    return spec.model_copy(update={"caps": caps.model_copy(update=rest)})
