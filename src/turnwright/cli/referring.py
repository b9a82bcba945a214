"""`turnwright reference`: human conversations of any usual form, screened, as one file that every command reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from turnwright.cli.console import err, out
from turnwright.cli.pages import table, title
from turnwright.cli.students import notes, renaming
from turnwright.errors import InputError
from turnwright.monitor.labelling import HeldOut, Labelling, learn_labels
from turnwright.reading import ReferenceCard, ReferenceSettings, card_path, read_conversations, write_reference

__all__ = ["reference"]

WORST = 5


def reference(
    sources: Annotated[
        list[Path],
        typer.Argument(help="JSONL, JSON, Parquet or Arrow files (messages, ShareGPT, turns), folders of them, runs"),
    ],
    to: Annotated[Path, typer.Option("--to", help="the JSONL file to write; every command that takes a set reads it")],
    licence: Annotated[str, typer.Option(help="of all of them; goes before what the data says")] = "",
    source: Annotated[str, typer.Option(help="name of the data set; goes before what the data says")] = "",
    labels: Annotated[
        list[Path] | None,
        typer.Option("--labels", help="labelled conversations: acts of the others are predicted from them; repeatable"),
    ] = None,
    least_sure: Annotated[
        float, typer.Option(min=0, max=1, help="a predicted act of less certainty is not given")
    ] = 0.5,
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", "--act", help="an act that counts as another, e.g. 'query_*=query'; may be repeated"),
    ] = None,
    pii: Annotated[
        Literal["refuse", "mask", "allow"], typer.Option(help="what is done when personal data is found")
    ] = "refuse",
    human: Annotated[
        bool, typer.Option("--human", help="people wrote all words whose origin the data does not tell")
    ] = False,
) -> None:
    """Read human conversations, screen them, label them if asked, and write them as one set."""
    if to.exists():
        raise InputError("this file is there already, and is not overwritten", where=str(to), fix="name a new file")
    renames = renaming(rename)
    settings = ReferenceSettings(source=source, licence=licence, human=human, pii=pii, rename=renames)
    labelling = _labelling(labels, renames, least_sure) if labels else None
    with err.status("reading") as status:
        card = write_reference(
            sources, to, settings, labels=labelling, heard=lambda count: status.update(f"read {count:,} conversations")
        )
    _written(card, to)
    if labelling:
        _labels(labelling)
    notes(_remarks(card))
    out.print(Text(f"reference  {to}\ncard       {card_path(to)}"))


def _labelling(labels: list[Path], rename: dict[str, str], least_sure: float) -> Labelling:
    with err.status("learning to label") as status:
        labelled = read_conversations(labels, rename=rename, name="labelled set")
        status.update(f"learning to label from {len(labelled):,} conversations")
        made = learn_labels(labelled, least_sure=least_sure)
    notes(f"of the labelled conversations: {note}" for note in labelled.notes)
    return made


def _written(card: ReferenceCard, to: Path) -> None:
    title(f"{to.name}: {card.conversations:,} conversations, {card.turns:,} turns")
    files = [(one.file, one.kind, f"{one.conversations:,}", one.sha256[:12]) for one in card.files]
    out.print(table("file", "form", "conv.", "sha256", rows=files))
    told = [(name, f"{count:,}", card.licence_found.get(name, "")) for name, count in card.licences.items()]
    out.print(table("licence", "conv.", "told by", rows=told))
    out.print(table("source", "conv.", rows=[(name, f"{count:,}") for name, count in card.sources.items()]))
    if card.pii.found:
        out.print(table("personal data", "values", "conv.", "by", "for example", rows=_found(card)))


def _found(card: ReferenceCard) -> Iterator[tuple[object, ...]]:
    shown = {one.kind: one.excerpt for one in reversed(card.pii.examples)}
    for kind, one in card.pii.kinds.items():
        by = ", ".join(f"{role} {count:,}" for role, count in one.roles.items())
        yield kind.replace("_", " "), f"{one.found:,}", f"{one.conversations:,}", by, shown.get(kind, "")


def _labels(labelling: Labelling) -> None:
    for labeller, count in zip(labelling.labellers, labelling.counts, strict=True):
        title(
            f"acts of the {count.side}: {count.predicted:,} predicted, {count.had:,} given, "
            f"{count.unsure:,} left out as unsure"
        )
        if labeller.held_out:
            _held_out(labeller.held_out, labelling.least_sure)


def _held_out(one: HeldOut, least_sure: float) -> None:
    over = f"({one.low:.3f}…{one.high:.3f}, n = {one.conversations:,} conversations)"
    rows: list[tuple[str, str]] = [
        ("right labels", f"{one.accuracy:.3f}  {over}"),
        ("the commonest act alone", f"{one.commonest:.3f}"),
        ("mean F1 over acts", f"{one.macro_f1:.3f}  ({len(one.acts):,} acts)"),
    ]
    if one.fresh is not None:
        rows.append(("on words that were not learnt from", f"{one.fresh:.3f}  ({one.fresh_turns:,} turns)"))
    rows += [
        (f"of certainty {each.least_sure:g} or more", f"{each.accuracy:.3f}  ({each.share:.1%} of turns)")
        for each in one.coverage
    ]
    worst = sorted((act for act in one.acts if act.n >= 5), key=lambda act: act.f1)[:WORST]
    rows += [(f"F1 of {act.act}", f"{act.f1:.2f}  ({act.n:,} turns)") for act in worst]
    out.print(table("on conversations held out", "", rows=rows))


def _remarks(card: ReferenceCard) -> Iterator[str]:
    yield from card.notes
    yield "not looked for: names of people, handles, account and passport numbers; read some before you pass it on"
