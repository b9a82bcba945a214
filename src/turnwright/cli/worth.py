"""`turnwright worth`: how many real conversations a set is worth."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.students import Acts, Json, notes, renaming, span, write_json
from turnwright.errors import InputError
from turnwright.models import cache_folder
from turnwright.reading import read_set
from turnwright.train import (
    FEATURES,
    Worth,
)
from turnwright.train import worth as worth_of

__all__ = ["worth"]


def worth(
    synthetic: Annotated[
        list[Path], typer.Option("--synthetic", help="the set: a run folder, an export or a JSONL file; repeatable")
    ],
    real: Annotated[Path, typer.Option("--real", help="the pool of real conversations")],
    test: Annotated[Path, typer.Option("--test", help="the real conversations of the examination")],
    plus: Annotated[int, typer.Option("--plus", min=0, help="real conversations of the pool added to training")] = 0,
    features: Annotated[str, typer.Option(help=f"what the student sees: {', '.join(FEATURES)}")] = "yardstick",
    limit: Annotated[float, typer.Option(help="largest share of the set that may overlap the test")] = 0.01,
    acts: Acts = None,
    curves: Annotated[Path | None, typer.Option(help="where learning curves are kept (default: the cache)")] = None,
    json: Json = None,
) -> None:
    """Say how many real conversations a set is worth."""
    if features not in FEATURES:
        raise InputError(f"there are no features '{features}'", fix=f"one of: {', '.join(FEATURES)}")
    made = worth_of(
        read_set(synthetic, rename=renaming(acts)),
        read_set([real], name="real pool"),
        read_set([test], name="test", least_acts=1),
        plus=plus,
        features=features,
        limit=limit,
        cache=curves or cache_folder() / "curves",
    )
    _worth(made)
    if json:
        write_json(json, made)


def _worth(made: Worth) -> None:
    title(f"real conversations, {made.features} features: weighted F1 on {made.test_conversations:,} conversations")
    rows = [
        (f"{one.size:,}", f"{one.score.value:.3f}", span(one.score), f"{one.deviation:.3f}", one.seeds)
        for one in made.curve
    ]
    out.print(table("real", "weighted F1", "95 %", "sd", "seeds", rows=rows))
    added = f" and {made.plus:,} real ones" if made.plus else ""
    title(f"the set: {made.conversations:,} conversations{added}")
    bound = "at least " if made.at_least else ""
    worths = [
        ("weighted F1", f"{made.score.value:.3f}", span(made.score)),
        ("equivalent real conversations", f"{bound}{made.real.value:,.1f}", span(made.real, digits=1)),
        ("for each conversation of the set", f"{made.rate:.3f}", ""),
    ]
    if made.plus:
        worths.append(("of these beyond the real ones", f"{made.real.value - made.plus:,.1f}", ""))
    if made.money is not None and made.tokens is not None:
        worths.append(("cost for each equivalent one", f"{made.money:.4f}", ""))
        worths.append(("tokens for each equivalent one", f"{made.tokens:,.0f}", ""))
    out.print(table("", "", "95 %", rows=worths))
    notes(_remarks(made))


def _remarks(made: Worth) -> Iterable[str]:
    found = made.overlap
    yield (
        f"overlap with the test: {found.sharing:,} of {found.conversations:,} conversations have most of their runs of "
        f"eight words from users of the test ({found.touching:,} have one), {found.copies:,} are copies"
    )
    if made.unseen_share:
        yield f"{made.unseen_share:.1%} of the test's decisions are acts that training never had"
    if made.at_least:
        yield "the score reaches the end of the curve: a larger real pool is needed to say how much more it is worth"
    yield (
        f"intervals: bootstrap over the test's {made.test_conversations:,} conversations ({made.test_decisions:,} "
        f"decisions), jointly for curve and set, and over {made.seeds} seeds; not over sets made with other seeds"
    )
