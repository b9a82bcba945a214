"""`turnwright monitor`: how much one set of conversations is like another, for any two files, folders or runs.

Reads options and prints what comes back; nothing is measured here. Exit code 1 says that a gate is breached, so that
a script can stop at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from pydantic import ValidationError
from rich.text import Text

from turnwright.cli import fidelity
from turnwright.cli.console import err, out
from turnwright.cli.labelled import with_acts
from turnwright.errors import InputError
from turnwright.monitor.compare import compare
from turnwright.monitor.gates import check_gates, judge
from turnwright.monitor.page import MARK, fidelity_json, fidelity_page, read_fidelity
from turnwright.monitor.panel import PANEL
from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.monitor.statistic import Monitor
from turnwright.reading import ExampleSet, read_conversations
from turnwright.records.fidelity import Fidelity, GateOutcome
from turnwright.store import write_bytes, write_text

__all__ = ["BREACHED", "FIGURES", "PAGE", "monitor"]

BREACHED = 1
"""Exit code when a gate is surely past its bound."""
FIGURES, PAGE = "fidelity.json", "report.html"


class View(StrEnum):
    """How scenario weights count; the words of `MonitorSettings.view`, for the option."""

    natural = "natural"
    stress = "stress"


def monitor(
    reference: Annotated[
        list[Path], typer.Option("--reference", help="human conversations: a file, folder or run; repeatable")
    ],
    synthetic: Annotated[
        list[Path], typer.Option("--synthetic", help="the set: a run folder, an export or a file; repeatable")
    ],
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", help="an act that counts as another on both sides, e.g. 'query_*=query'; repeatable"),
    ] = None,
    view: Annotated[
        View | None,
        typer.Option("--view", help="natural: by scenario weights (the default, if a set has them); stress: as it is"),
    ] = None,
    gate: Annotated[
        list[str] | None, typer.Option("--gate", help="what must hold, e.g. 'tail_retention >= 0.8'; repeatable")
    ] = None,
    look: Annotated[
        int, typer.Option("--look", min=1, help="how often these gates were asked of this growing set, this time too")
    ] = 1,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="a family or a figure to look at, instead of all; repeatable")
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="error rate of the whole panel")] = 0.05,
    permutations: Annotated[int, typer.Option("--permutations", help="draws behind each p-value")] = 999,
    seed: Annotated[int, typer.Option("--seed", help="of all draws")] = 0,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="conversations with acts, from which unlabelled turns get theirs")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help=f"a folder for {FIGURES} and {PAGE}")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="print the summary only")] = False,
) -> int:
    """Compare conversations with human ones: what differs, what cannot be told at this size."""
    settings = _settings(alpha=alpha, permutations=permutations, gates=gate or [])
    monitors = _chosen(only, settings.gates)
    if to is not None:
        _require_own(to)
    pairs = _renaming(rename)
    human = read_conversations(reference, rename=pairs, name="reference")
    made = read_conversations(synthetic, rename=pairs, name="synthetic set")
    settings = settings.model_copy(update={"view": _viewed(view, made)})
    if labels is not None:
        human, made = with_acts(labels, (human, made), rename=pairs, seed=seed)
    found = compare(human, made, settings, monitors=monitors, seed=seed, tell=None if quiet else _tell)
    found = msgspec.structs.replace(found, notes=_notes(found, human, made))
    _tell("")
    outcomes = _asked(settings, human, made, look, seed)
    fidelity.fidelity(found, brief=quiet)
    fidelity.gates(outcomes)
    if to is not None:
        write_bytes(to / FIGURES, fidelity_json(found))
        write_text(to / PAGE, fidelity_page(found, gates=outcomes))
        out.print(Text(f"\nfigures    {to / FIGURES}\nreport     {to / PAGE}"))
    return BREACHED if any(one.state == "breached" for one in outcomes) else 0


def _settings(*, alpha: float, permutations: int, gates: Sequence[str]) -> MonitorSettings:
    """The options as settings; what is wrong is told as the option that it came from."""
    try:
        given = [GateSettings(when=each) for each in gates]
        return MonitorSettings.model_validate({"alpha": alpha, "permutations": permutations, "gates": given})
    except ValidationError as fault:
        first = fault.errors()[0]
        place = str(first["loc"][0]) if first["loc"] else ""
        option = "--gate" if place == "when" else f"--{place}"
        said = str(first["msg"]).removeprefix("Value error, ")
        fix = "see `turnwright monitor --help`"
        raise InputError(f"{said} (it is {first['input']!r})", where=option, fix=fix) from None


def _viewed(asked: View | None, made: ExampleSet) -> str:
    """As asked; else by scenario weights where there are any."""
    if asked is not None:
        return str(asked.value)
    weighted = any(one.natural not in (None, 1.0) for one in made.examples)
    return "natural" if weighted else "stress"


def _chosen(only: Sequence[str] | None, gates: Sequence[GateSettings]) -> Sequence[Monitor]:
    """The monitors of the panel that are wanted; wrong names of gates are found before anything is read."""
    check_gates(gates, PANEL)
    if not only:
        return PANEL
    wanted = {each.casefold() for each in only}
    names = [{one.family.casefold(), one.name} for one in PANEL]
    unknown = wanted - set().union(*names)
    if unknown:
        families = ", ".join(dict.fromkeys(one.family for one in PANEL))
        raise InputError(
            f"there is neither a family nor a figure '{min(unknown)}'", where="--only", fix=f"families are: {families}"
        )
    return tuple(one for one, own in zip(PANEL, names, strict=True) if own & wanted)


def _renaming(given: Sequence[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in given or ()]
    wrong = next((old for old, _, new in pairs if not old or not new), None)
    if wrong is not None:
        raise InputError(f"--rename '{wrong}' does not say what it counts as", fix="e.g. --rename 'query_*=query'")
    return {old: new for old, _, new in pairs}


def _require_own(folder: Path) -> None:
    """Nothing but an earlier comparison is written over: a run's own report has the same name."""
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", where=str(folder), fix="name a folder with --to")
    for path, own in ((folder / FIGURES, _is_comparison), (folder / PAGE, _is_page)):
        if path.exists() and not own(path):
            raise InputError("holds something else", where=str(path), fix="name another folder with --to")


def _is_comparison(path: Path) -> bool:
    try:
        read_fidelity(path.read_bytes())
    except (OSError, InputError):
        return False
    return True


def _is_page(path: Path) -> bool:
    try:
        return MARK in path.read_text(encoding="utf-8")[:2000]
    except (OSError, UnicodeDecodeError):
        return False


def _asked(
    settings: MonitorSettings, human: ExampleSet, made: ExampleSet, look: int, seed: int
) -> tuple[GateOutcome, ...]:
    if not settings.gates:
        return ()
    return judge(settings.gates, human.examples, made.examples, settings, look=look, seed=seed).outcomes


def _notes(found: Fidelity, *sets: ExampleSet) -> tuple[str, ...]:
    """Those of the comparison and of both sets, each once."""
    return tuple(dict.fromkeys((*found.notes, *(note for one in sets for note in one.notes))))


def _tell(what: str) -> None:
    """One line that the next one overwrites, where there is a terminal."""
    if err.is_terminal:
        err.print(Text(f"{what:70.70}"), end="\r")
