"""Does the alarm of `monitor.rounds` fire where a loop collapses, and stay quiet where it does not?

    python benchmarks/monitors/collapse.py ../shared/data/star/train.jsonl [--seeds 20]

A small n-gram generator (generator.py) learns from 200 human conversations of STAR and is then retrained ten times on
what was said before: on its last words only (`replace`), on all of its words so far (`accumulate`, without the 200
human conversations), or on these with every tenth word from the 200 (`accumulate + 10 % human`). `people` is the
control: every round is a draw of other human conversations, so nothing is ever lost. 600 more human conversations are
the frozen reference. Two to four minutes on one core; prints a table, writes results/collapse.json and
docs/pictures/collapse.svg.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from collapse_plot import collapse_plot
from generator import Generator

from turnwright.monitor.rounds import FrozenReference, Mode, RoundFigures, Watch, freeze, round_figures, watch
from turnwright.monitor.variety import FIGURES
from turnwright.reading import Example, read_examples
from turnwright.records import seeded

HERE = Path(__file__).parent
PICTURE = HERE.parents[1] / "docs" / "pictures" / "collapse.svg"
START, REFERENCE, MADE, GENERATIONS = 200, 600, 200, 10
TEMPERATURE, TAIL, HUMAN = 0.9, 0.01, 0.1
FIRST = 100
"""Seeds below were looked at while the alarm's rule was made."""
ARMS = ("replace", "accumulate", "accumulate + 10 % human", "people")
SHOWN = ("tail_retention", "flow_entropy", "pair_entropy")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path, help="human conversations, one a line")
    options.add_argument("--seeds", type=int, default=20)
    given = options.parse_args()
    people = [_human(one) for one in read_examples(given.data)]
    runs: dict[str, list[Run]] = {arm: [] for arm in ARMS}
    for seed in range(FIRST, FIRST + given.seeds):
        for arm, made in _run(people, seed):
            runs[arm].append(made)
        print(f"seed {seed}: " + ", ".join(f"{arm}: {_fired(made[-1])}" for arm, made in runs.items()), flush=True)
    series = {arm: _series(made) for arm, made in runs.items()}
    result = {"title": "Collapse", "says": _says(runs, given.seeds), "table": _table(runs, series)}
    for row in result["table"]:
        print("  ".join(str(each) for each in row.values()))
    print(*result["says"], sep="\n")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "collapse.json").write_text(json.dumps(result, indent=1) + "\n")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(collapse_plot(series))


class Run(msgspec.Struct, frozen=True):
    """One arm under one seed."""

    rounds: tuple[RoundFigures, ...]
    seen: Watch


def _human(one: Example) -> Example:
    turns = tuple(msgspec.structs.replace(turn, origin="human") for turn in one.turns if turn.role != "tool")
    return msgspec.structs.replace(one, turns=turns)


def _run(people: Sequence[Example], seed: int) -> Iterator[tuple[str, Run]]:
    order = list(people)
    seeded("collapse", seed).shuffle(order)
    start, reference, others = order[:START], order[START : START + REFERENCE], order[START + REFERENCE :]
    frozen = freeze(reference, below=TAIL)
    for arm in ARMS:
        sets = _people(others, seed) if arm == "people" else _retrained(arm, start, seed)
        rounds = tuple(_read(arm, number, made, reference, frozen) for number, made in enumerate(sets, start=1))
        yield arm, Run(rounds, watch(rounds))


def _read(
    arm: str, number: int, made: Sequence[Example], reference: Sequence[Example], frozen: FrozenReference
) -> RoundFigures:
    mode: Mode = "accumulate" if arm.startswith("accumulate") else "replace"
    return round_figures(made, reference, frozen, number=number, mode=mode)


def _people(others: Sequence[Example], seed: int) -> Iterator[list[Example]]:
    for number in range(GENERATIONS):
        yield seeded("people", seed, number).sample(list(others), MADE)


def _retrained(arm: str, start: Sequence[Example], seed: int) -> Iterator[list[Example]]:
    """The set after every generation, from which the next generator learns."""
    people = _people_again(start, seeded("human", seed))
    generator = _taught(start)
    learnt: list[Example] = []
    human = machine = 0
    for number in range(1, GENERATIONS + 1):
        new = generator.conversations(MADE, seeded("generation", arm, seed, number), f"{arm}/{number}")
        machine += sum(map(_words, new))
        while "human" in arm and human < machine * HUMAN / (1 - HUMAN):
            new.append(next(people))
            human += _words(new[-1])
        learnt = new if arm == "replace" else learnt + new
        yield learnt
        if arm == "replace" or number == 1:
            generator = _taught(new)
        else:  # the set has grown, so what it has learnt is what it would learn anew
            generator.learn(new)


def _taught(examples: Sequence[Example]) -> Generator:
    generator = Generator(temperature=TEMPERATURE)
    generator.learn(examples)
    return generator


def _people_again(start: Sequence[Example], rng: Random) -> Iterator[Example]:
    """The first human conversations, over and over."""
    order = list(start)
    rng.shuffle(order)
    yield from cycle(order)


def _words(one: Example) -> int:
    return sum(len(turn.text.split()) for turn in one.turns)


def _fired(run: Run) -> str:
    return f"generation {run.seen.since}" if run.seen.alarm else "quiet"


# --- what came out ----------------------------------------------------------------------------------------------


def _left(one: RoundFigures, name: str) -> float:
    """Part that is left: of the tail, or of the effective variety."""
    level = one.level(name)
    assert level is not None and level.value is not None
    return level.value if name == "tail_retention" else 2**level.value


def _series(made: Sequence[Run]) -> dict[str, Any]:
    """Figure → generations x seeds; `alarms`: runs in which the alarm had gone off by each generation."""
    fired = [run.seen.since for run in made]
    return {
        **{name: [[_left(run.rounds[g], name) for run in made] for g in range(GENERATIONS)] for name in SHOWN},
        "alarms": [sum(one is not None and one <= g for one in fired) for g in range(1, GENERATIONS + 1)],
    }


def _table(runs: dict[str, list[Run]], series: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    table = []
    for arm, made in runs.items():
        for g in range(GENERATIONS):
            means = {name: f"{sum(series[arm][name][g]) / len(made):.2f}" for name in SHOWN}
            human = sum(run.rounds[g].human_share or 0 for run in made) / len(made)
            alarms = f"{series[arm]['alarms'][g]} of {len(made)}"
            table.append({"arm": arm, "generation": g + 1, **means, "human words": f"{human:.0%}", "alarms": alarms})
    return table


def _says(runs: dict[str, list[Run]], seeds: int) -> list[str]:
    said = [
        f"{seeds} seeds; {START} human conversations to begin with, {MADE} made a generation at temperature "
        f"{TEMPERATURE}; {REFERENCE} other human conversations are the frozen reference; tail: acts under {TAIL:.0%} "
        "of its turns. Figures are the part that is left: of the tail, and of the effective variety (2 to the entropy) "
        "of acts and of words that follow one another; means over seeds. alarms: runs in which the alarm went off by "
        "then (alpha 0.05 a run). Temperature and the alarm's limit of a third were chosen on other seeds.",
    ]
    for arm, made in runs.items():
        since = sorted(run.seen.since for run in made if run.seen.since is not None)
        when = f", in generation {since[len(since) // 2]} at the median ({since[0]} to {since[-1]})" if since else ""
        by = sorted({one.split(":")[0] for run in made for one in run.seen.why}, key=list(FIGURES).index)
        what = f", by {', '.join(by)}" if by else ""
        said.append(f"{arm}: the alarm goes off in {len(since)} of {seeds} runs{when}{what}.")
    return said


if __name__ == "__main__":
    main()
