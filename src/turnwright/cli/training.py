"""`turnwright train`: a student from sets, kept with its model card.

Options of one kind of student are refused for the other, so that nobody believes that they did something.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.mixing import level_weights
from turnwright.cli.students import Acts, evaluation, renaming
from turnwright.cli.tuning import TuningProgress
from turnwright.domains import load_domain
from turnwright.errors import InputError
from turnwright.reading import ExampleSet, decisions, read_set
from turnwright.records import Json
from turnwright.train import (
    FEATURES,
    Evaluation,
    LinearStudent,
    Mixture,
    fit_linear,
    mixed,
    require_new,
    save_student,
    shares,
    student_card,
)
from turnwright.train import evaluate as evaluated
from turnwright.train.lora import (
    LoraSettings,
    LoraStudent,
    PreferencePair,
    fit_lora,
    prefer_lora,
    read_pairs,
    require_free,
)

__all__ = ["train"]

STUDENTS = ("linear", "lora")
BASE = "smollm2-135m-instruct"

Sets = Annotated[list[Path], typer.Option("--set", help="a run folder, an export or a JSONL file; may be repeated")]
To = Annotated[Path, typer.Option("--to", help="a new or empty folder for the student; a killed lora training goes on")]
Kind = Annotated[str, typer.Option(help=f"one of: {', '.join(STUDENTS)} (lora needs the extra `train`)")]
Features = Annotated[str | None, typer.Option(help=f"linear: what it sees: {', '.join(FEATURES)} (history)")]
Test = Annotated[Path | None, typer.Option(help="conversations to examine it with, for its card")]
Human = Annotated[list[Path] | None, typer.Option("--human", help="human conversations to mix in; may be repeated")]
Share = Annotated[float | None, typer.Option("--human-share", help="their share of the whole weight, e.g. 0.3")]
Weight = Annotated[float, typer.Option("--human-weight", help="or what each of them counts")]
Weights = Annotated[Literal["none", "natural", "stress"], typer.Option(help="of the synthetic ones, see `mix`")]
Levels = Annotated[list[str] | None, typer.Option("--level", help="what a level counts, e.g. 'detour=repair:2'")]
Order = Annotated[Literal["as_given", "easy_first"], typer.Option(help="lora: easy_first is a curriculum, see `mix`")]
Base = Annotated[str | None, typer.Option(help=f"lora: a model of the catalogue, a GGUF file or a folder ({BASE})")]
Epochs = Annotated[float | None, typer.Option(help="lora: passes over the set (3)")]
Steps = Annotated[int | None, typer.Option("--max-steps", help="lora: end after so many steps")]
Batch = Annotated[int | None, typer.Option(help="lora: conversations a step (4)")]
Rank = Annotated[int | None, typer.Option(help="lora: rank of the adapter (16)")]
Rate = Annotated[float | None, typer.Option("--lr", help="lora: highest learning rate (0.001)")]
Dropout = Annotated[float | None, typer.Option(help="lora: dropout in the adapter (0)")]
Precision = Annotated[
    Literal["auto", "float32", "bfloat16"] | None, typer.Option(help="lora: of the base's weights (auto)")
]
Context = Annotated[int | None, typer.Option(help="lora: tokens that it sees; the oldest turns are cut (1024)")]
CallTokens = Annotated[
    int | None, typer.Option("--call-tokens", help="lora: write calls of so many tokens when examined, to score them")
]
Domains = Annotated[
    list[str] | None, typer.Option("--domain", help="lora: a domain whose tools it is told of; may be repeated")
]
SaveEvery = Annotated[int | None, typer.Option("--save-every", help="lora: steps between checkpoints (50)")]
Pairs = Annotated[
    list[Path] | None,
    typer.Option("--pairs", help="lora: preference pairs for DPO, of an export or of `negatives`; may be repeated"),
]
PairEpochs = Annotated[float | None, typer.Option("--pair-epochs", help="lora: passes over the pairs (1)")]
PairRate = Annotated[float | None, typer.Option("--pair-lr", help="lora: learning rate with pairs (0.00005)")]
Beta = Annotated[float | None, typer.Option(help="lora: of DPO, the larger the less pairs move it (0.1)")]
Seed = Annotated[int, typer.Option(help="seed of the training")]


def train(
    sets: Sets,
    to: To,
    student: Kind = "linear",
    features: Features = None,
    seed: Seed = 0,
    test: Test = None,
    acts: Acts = None,
    human: Human = None,
    human_share: Share = None,
    human_weight: Weight = 1.0,
    weights: Weights = "none",
    levels: Levels = None,
    order: Order = "as_given",
    base: Base = None,
    epochs: Epochs = None,
    max_steps: Steps = None,
    batch: Batch = None,
    rank: Rank = None,
    rate: Rate = None,
    dropout: Dropout = None,
    context: Context = None,
    precision: Precision = None,
    call_tokens: CallTokens = None,
    domains: Domains = None,
    save_every: SaveEvery = None,
    pairs: Pairs = None,
    pair_epochs: PairEpochs = None,
    pair_rate: PairRate = None,
    beta: Beta = None,
) -> None:
    """Train a student on a set, and keep it with a model card."""
    if student not in STUDENTS:
        raise InputError(f"there is no student '{student}'", fix=f"one of: {', '.join(STUDENTS)}")
    given = {
        "epochs": epochs, "max_steps": max_steps, "batch": batch, "rank": rank, "rate": rate, "dropout": dropout,
        "context": context, "call_tokens": call_tokens, "save_every": save_every, "pair_epochs": pair_epochs,
        "pair_rate": pair_rate, "beta": beta, "precision": precision,
    }  # fmt: skip
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _refuse_others(student, features, {**chosen, "base": base, "domain": domains, "pairs": pairs})
    (require_free if student == "lora" else require_new)(to)
    exam = read_set([test], name="test", least_acts=1) if test else None
    mixture = Mixture(human=tuple(map(str, human or ())), human_share=human_share, human_weight=human_weight,
                      weights=weights, levels=level_weights(levels), order=order)  # fmt: skip
    learnt = _mixed(read_set(sets, rename=renaming(acts), name="training set"), human, mixture)
    if student == "linear":
        _keep(fit_linear(learnt.examples, features=features or "history", seed=seed), learnt, exam, to)
        return
    settings = LoraSettings(**chosen, seed=seed, order="as_given" if order == "easy_first" else "shuffled")
    told = read_pairs(pairs) if pairs else []
    _keep(_tuned(learnt, base or BASE, to, settings, _tools(domains), told), learnt, exam, to, told)


def _refuse_others(student: str, features: str | None, tuning: dict[str, Any]) -> None:
    """Options of the other kind of student."""
    name = next((name for name, value in tuning.items() if value is not None), "")
    if student == "linear" and name:
        flag = {"rate": "lr", "pair_rate": "pair-lr"}.get(name, name.replace("_", "-"))
        raise InputError(f"--{flag} is nothing to the linear student", fix="leave it out, or add --student lora")
    if student == "lora" and features:
        raise InputError("--features is nothing to the lora student", fix="leave it out, or take --student linear")


def _mixed(learnt: ExampleSet, human: list[Path] | None, mixture: Mixture) -> ExampleSet:
    if mixture == Mixture():
        return learnt
    made = mixed(learnt, read_set(human, name="human set") if human else None, mixture)
    told = shares(made)
    out.print(Text(f"mix        {told.conversations:,} conversations, {told.share:.1%} of the weight human"))
    return made


def _tools(domains: list[str] | None) -> dict[str, list[dict[str, Json]]]:
    """Domain → its tools, as OpenAI declares them."""
    loaded = [load_domain(each) for each in domains or []]
    return {domain.name: [tool.as_openai() for tool in domain.tools.values()] for domain in loaded}


def _tuned(
    learnt: ExampleSet,
    base: str,
    to: Path,
    settings: LoraSettings,
    tools: dict[str, list[dict[str, Json]]],
    pairs: list[PreferencePair],
) -> LoraStudent:
    with TuningProgress() as progress:
        made = fit_lora(learnt.examples, base=base, folder=to, settings=settings, tools=tools, tell=progress.hear)
        if pairs:
            made = prefer_lora(made, pairs, folder=to, settings=settings, tell=progress.hear)
    return made


def _keep(
    made: LinearStudent | LoraStudent,
    learnt: ExampleSet,
    exam: ExampleSet | None,
    to: Path,
    pairs: list[PreferencePair] | None = None,
) -> None:
    """Examine the student, write it and say what it is."""
    scores: Evaluation | None = evaluated(made, exam) if exam else None
    save_student(made, to, student_card(made, learnt, scores.measures if scores else (), len(pairs or ())))
    what = f"{made.features} features" if isinstance(made, LinearStudent) else made.known.base
    out.print(
        Text(
            f"{made.name} student ({what}) from {len(learnt):,} conversations, "
            f"{len(decisions(learnt.examples)):,} decisions, {len(made.acts)} acts"
            + (f", {len(pairs):,} preference pairs" if pairs else "")
        )
    )
    if scores:
        evaluation(scores)
    out.print(Text(f"student    {to}\ncard       {to / 'README.md'}"))
