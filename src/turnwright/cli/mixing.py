"""`turnwright mix` and `turnwright negatives`: what a student learns from, written to files that trainers read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from turnwright.api import load
from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.students import Acts, notes, renaming
from turnwright.engine.joining import line_with_source, provenance_beside, provenance_lines, sources_of
from turnwright.engine.negatives import write_negatives
from turnwright.errors import InputError
from turnwright.reading import ExampleSet, read_set, read_sourced
from turnwright.store import write_jsonl
from turnwright.train import Mixture, by_class, mixed, shares

__all__ = ["level_weights", "mix", "negatives"]


def mix(
    sets: Annotated[list[Path], typer.Option("--set", help="a run folder, an export or a JSONL file; may be repeated")],
    to: Annotated[Path, typer.Option("--to", help="the JSONL file to write; every command that takes a set reads it")],
    human: Annotated[list[Path] | None, typer.Option("--human", help="human conversations; may be repeated")] = None,
    human_share: Annotated[
        float | None, typer.Option("--human-share", help="their share of the whole weight, e.g. 0.3")
    ] = None,
    human_weight: Annotated[
        float, typer.Option("--human-weight", help="or what each counts, where a synthetic one counts 1")
    ] = 1.0,
    weights: Annotated[
        Literal["none", "natural", "stress"],
        typer.Option(help="natural: as the target mix has them; none, stress: all alike, as they were designed"),
    ] = "none",
    levels: Annotated[
        list[str] | None,
        typer.Option("--level", help="a level that counts more or less, e.g. 'detour=repair:2'; may be repeated"),
    ] = None,
    order: Annotated[
        Literal["as_given", "easy_first"],
        typer.Option(help="easy_first: fewest detours, then fewest turns, first; nothing to the linear student"),
    ] = "as_given",
    acts: Acts = None,
    licence: Annotated[str, typer.Option(help="of the human conversations; goes before what their data says")] = "",
    consent: Annotated[str, typer.Option(help="a note on the consent of the people, kept with every turn")] = "",
) -> None:
    """Mix synthetic and human conversations (weights, shares, order) to one set with its provenance beside."""
    if to.exists():
        raise InputError("this file is there already, and is not overwritten", where=str(to), fix="name a new file")
    mixture = Mixture(
        human=tuple(map(str, human or ())),
        human_share=human_share,
        human_weight=human_weight,
        weights=weights,
        levels=level_weights(levels),
        order=order,
    )
    synthetic = read_set(sets, rename=renaming(acts))
    made = mixed(synthetic, read_set(human, name="human set") if human else None, mixture)
    to.parent.mkdir(parents=True, exist_ok=True)
    sources = sources_of(sets, read_sourced(human or [], licence=licence))
    write_jsonl(to, (line_with_source(one, sources) for one in made.examples))
    write_jsonl(provenance_beside(to), provenance_lines(made.examples, sets, sources, consent=consent))
    _mix(made, mixture, to)


def _mix(made: ExampleSet, mixture: Mixture, to: Path) -> None:
    told = shares(made)
    title(f"a mix of {told.conversations:,} conversations, {told.human:,} of them human")
    rows = [
        ("human share of the weight", f"{told.share:.1%}"),
        ("weights", f"{told.lightest:.3g} to {told.heaviest:.3g}"),
        ("tells as much as this many of equal weight", f"{told.effective:,.0f}"),
    ]
    out.print(table("", "", rows=rows))
    if mixture.weights == "natural" and {one.natural for one in made.examples} <= {1.0, None}:
        notes(["all natural weights are 1: a target met as it is, or an export in the view `stress`, which keeps none"])
    if mixture.order == "easy_first":
        notes(["the order is nothing to the linear student, which shuffles its set in every pass"])
    out.print(Text(f"mix        {to}"))
    out.print(Text(f"sources    {provenance_beside(to)}; `turnwright trace {to}` sums them up"))


def negatives(
    to: Annotated[Path, typer.Option("--to", help="the JSONL file to write")],
    spec: Annotated[Path, typer.Argument(help="factory.yaml, or the folder that holds it")] = Path("factory.yaml"),
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="the run folder (default: runs/NAME beside the spec)")
    ] = None,
    split: Annotated[str, typer.Option(help="whose scenarios are taken; '' takes all")] = "train",
    same: Annotated[
        Literal["words", "outline"],
        typer.Option(help="what must be the same before both turns: words, or what they tell (acts, values, calls)"),
    ] = "words",
) -> None:
    """Write pairs of rejected and admitted turns of a run, as preference training reads them."""
    factory = load(spec)
    place = folder or factory.folder
    pairs = write_negatives(place, factory.domain(), factory.spec, to, split=split, same=same)
    title(f"{len(pairs):,} rejected turns stand beside the admitted turn after the same {same}")
    if pairs:
        out.print(table("defect class", "pairs", rows=[(kind, f"{n:,}") for kind, n in by_class(pairs).items()]))
        out.print(Text(f"pairs      {to}"))
    else:
        more = "" if same == "outline" else "; `--same outline` asks for less"
        notes([f"nothing was written: no attempt failed after the {same} of the admitted one{more}"])


def level_weights(given: list[str] | None) -> dict[str, dict[str, float]]:
    """`factor=level:weight` → factor → level → weight; raises InputError for what is none."""
    levels: dict[str, dict[str, float]] = {}
    for each in given or []:
        factor, _, rest = each.partition("=")
        level, _, weight = rest.rpartition(":")
        try:
            levels.setdefault(factor, {})[level] = float(weight)
        except ValueError:
            level = ""
        if not factor or not level:
            raise InputError(f"--level '{each}' does not say what counts how much", fix="e.g. --level detour=repair:2")
    return levels
