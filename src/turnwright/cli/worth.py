"""`turnwright worth`: how many real conversations a set is worth."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.students import Acts, Json, Names, notes, renaming, span, write_json
from turnwright.engine.worth_page import keep_worth, require_set_of
from turnwright.errors import InputError
from turnwright.models import cache_folder
from turnwright.reading import read_set
from turnwright.store import write_text
from turnwright.train import FEATURES, Estimate, Plus, Worth, worth_plot
from turnwright.train import worth as worth_of

__all__ = ["worth"]


def worth(
    synthetic: Annotated[
        list[Path], typer.Option("--synthetic", help="the set: a run folder, an export or a JSONL file; repeatable")
    ],
    real: Annotated[Path, typer.Option("--real", help="the pool of real conversations")],
    test: Annotated[Path, typer.Option("--test", help="the real conversations of the examination")],
    plus: Annotated[int, typer.Option("--plus", min=0, help="real conversations of the pool added to training")] = 0,
    plus_file: Annotated[
        Path | None, typer.Option("--plus-file", help="or these real conversations, the same for every seed")
    ] = None,
    plus_weight: Annotated[
        float, typer.Option("--plus-weight", help="what each added one counts, where a synthetic one counts 1")
    ] = 1.0,
    features: Annotated[str, typer.Option(help=f"what the student sees: {', '.join(FEATURES)}")] = "yardstick",
    limit: Annotated[float, typer.Option(help="largest share of the set that may overlap the test")] = 0.01,
    acts: Acts = None,
    names: Names = None,
    curves: Annotated[Path | None, typer.Option(help="where learning curves are kept (default: the cache)")] = None,
    json: Json = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="also draw curve and score, to this SVG file")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="the run whose report shows it (default: --synthetic, if it is one)")
    ] = None,
) -> None:
    """Say how many real conversations a set is worth."""
    if features not in FEATURES:
        raise InputError(f"there are no features '{features}'", fix=f"one of: {', '.join(FEATURES)}")
    made_by = report or _only_run(synthetic)
    measured = read_set(synthetic, rename=renaming(acts, names))
    if made_by:
        require_set_of(made_by, len(measured))
    added = read_set([plus_file], name="added human set", least_acts=1) if plus_file else None
    made = worth_of(
        measured,
        read_set([real], name="real pool"),
        read_set([test], name="test", least_acts=1),
        plus=Plus(count=plus, these=added, weight=plus_weight),
        features=features,
        limit=limit,
        cache=curves or cache_folder() / "curves",
    )
    _worth(made)
    _keep(made, json, plot, made_by)


def _only_run(synthetic: list[Path]) -> Path | None:
    return synthetic[0] if len(synthetic) == 1 and synthetic[0].is_dir() else None


def _keep(made: Worth, json: Path | None, plot: Path | None, report: Path | None) -> None:
    if json:
        write_json(json, made)
    if plot:
        write_text(plot, worth_plot(made))
    written = [("figures", json), ("plot", plot), ("report", keep_worth(report, made) if report else None)]
    for name, path in written:
        if path:
            out.print(Text(f"{name:10} {path}"))


def _worth(made: Worth) -> None:
    title(f"real conversations, {made.features} features: weighted F1 on {made.test_conversations:,} conversations")
    rows = [
        (f"{one.size:,}", f"{one.score.value:.3f}", span(one.score), f"{one.deviation:.3f}", one.seeds)
        for one in made.curve
    ]
    out.print(table("real", "weighted F1", "95 %", "sd", "seeds", rows=rows))
    weight = f" of weight {made.plus_weight:g}" if made.plus_weight != 1 else ""
    added = f" and {made.plus:,} real ones{weight}" if made.plus else ""
    title(f"the set: {made.conversations:,} conversations{added}")
    bound = "at least " if made.at_least else ""
    worths = [
        ("weighted F1", f"{made.score.value:.3f}", span(made.score)),
        ("equivalent real conversations", f"{bound}{made.real.value:,.1f}", span(made.real, digits=1)),
    ]
    if made.plus:
        low, high = made.real.low - made.plus, made.real.high - made.plus
        worths.append(("less the real ones", f"{made.real.value - made.plus:,.1f}", f"{low:,.1f}…{high:,.1f}"))
    worths.append(("for each conversation of the set", f"{bound}{made.rate.value:.3f}", span(made.rate)))
    worths += _costs(made)
    out.print(table("", "", "95 %", rows=worths))
    notes(_remarks(made))


def _costs(made: Worth) -> Iterable[tuple[str, str, str]]:
    """What each equivalent real conversation costs, where it is known and anything was paid."""
    for name, paid, digits in (
        ("cost", made.usage.money / 1e6 if made.usage else 0, 4),
        ("tokens", made.usage.tokens if made.usage else 0, 0),
    ):
        if paid and made.real.value > 0:
            each = made.each(paid)
            yield f"{name} for each equivalent one", f"{each.value:,.{digits}f}", _range(each, digits)


def _range(paid: Estimate, digits: int) -> str:
    """The interval of a cost, which has no upper end where the set may be worth nothing."""
    return span(paid, digits=digits) if isfinite(paid.high) else f"{paid.low:,.{digits}f}…"


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
