"""`turnwright learn`: habits from a few human conversations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.students import renaming
from turnwright.domains import load_domain
from turnwright.engine.seeding import learn_habits
from turnwright.errors import InputError
from turnwright.habits import Estimate, Learnt, as_yaml
from turnwright.reading import read_set
from turnwright.store import write_bytes

__all__ = ["learn"]


def learn(
    real: Annotated[Path, typer.Option("--real", help="human conversations whose assistant turns have acts")],
    domain: Annotated[list[str], typer.Option("--domain", help="a domain that they are about; may be repeated")],
    to: Annotated[Path, typer.Option("--to", help="where the habits go")] = Path("habits.yaml"),
    acts: Annotated[
        list[str] | None,
        typer.Option("--act", help="an act of the domains that the data calls otherwise, e.g. 'query_*=query'"),
    ] = None,
) -> None:
    """Learn from a few human conversations how users and agents behave."""
    if to.exists():
        raise InputError("exists, and may hold edits", where=str(to), fix="name another file with --to, or remove it")
    domains = [load_domain(name, Path()) for name in dict.fromkeys(domain)]
    twice = [one.name for number, one in enumerate(domains) if one.name in {each.name for each in domains[:number]}]
    if twice:
        raise InputError(f"two domains are called '{twice[0]}'", where="--domain", fix="learn for one at a time")
    examples = read_set([real], name="file of human conversations", least_acts=1).examples
    learnt = learn_habits(examples, domains, renaming(acts))
    write_bytes(to, as_yaml(learnt).encode())
    _learnt(learnt, to)


def _learnt(learnt: Learnt, to: Path) -> None:
    habits = learnt.habits
    title(f"habits from {habits.conversations:,} human conversations")
    rows = [
        *_rows(learnt, habits.everywhere.plan, ("everywhere", "plan")),
        *_rows(learnt, habits.everywhere.steps, ("everywhere", "steps")),
    ]
    out.print(table("in all domains", "share", "95 %", "without one", "n", rows=rows))
    title("what was learnt for each domain")
    found = [
        (name, one.conversations, len(one.plan) or "shared", _of(learnt, name), len(one.volunteered), len(one.names),
         sum(map(len, one.style.values())))
        for name, one in habits.domains.items()
    ]  # fmt: skip
    out.print(table("domain", "conv.", "plan", "factors told", "slots told unasked", "names", "texts", rows=found))
    for note in _notes(learnt):
        out.print(Text(f"note: {note}"))
    out.print(Text(f"habits     {to}"))
    out.print(Text(f"next       read it, edit any `value`, and add to a factory.yaml: `habits: {to.name}`"))


def _of(learnt: Learnt, name: str) -> str:
    told = len(learnt.habits.domains[name].factors)
    return f"{told} of {told + len(learnt.unknown[name])}" if told else "none"


def _rows(learnt: Learnt, estimates: dict[str, Estimate], place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, one in estimates.items():
        low, high = learnt.ranges[(*place, name)]
        yield name, f"{one.value:.2f}", f"{one.low:.2f}…{one.high:.2f}", f"{low:.2f}…{high:.2f}", f"{one.n:,}"


def _notes(learnt: Learnt) -> Iterator[str]:
    yield from learnt.notes
    unknown = sorted({factor for found in learnt.unknown.values() for factor in found})
    if unknown:
        yield f"not everywhere do acts tell the levels of these apart: {', '.join(unknown)}; the file says where"
    yield "nothing draws from the rows about steps: question_…, call_repeated, repair"
    yield f"the prior counts as {learnt.habits.strength:g} conversations; without one: when any one is left out"
