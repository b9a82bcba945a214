"""Rounds of a loop against one frozen reference: what fails a round, what only warns, and when the loop gives up."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from loop_cases import example_of, made_by, placed, spec_in

from turnwright.engine.loop import LoopSettings, run_loop
from turnwright.engine.loop.gate import reference_gate
from turnwright.engine.loop.records import GateInput, GateResult
from turnwright.errors import InputError
from turnwright.monitor.frozen import freeze
from turnwright.reading import Example, ExampleSet

PLAIN, RARE = {"detour": "none"}, {"detour": "repair", "memory": "forgets"}


def talks(count: int, rare: int, *, name: str = "t", origin: str = "model") -> tuple[Example, ...]:
    """So many conversations, of which so many show the rare acts."""
    made = [example_of(f"{name}{n}", "shop", RARE if n < rare else PLAIN) for n in range(count)]
    return tuple(
        msgspec.structs.replace(one, turns=tuple(msgspec.structs.replace(turn, origin=origin) for turn in one.turns))
        for one in made
    )


def told(rounds: list[tuple[Example, ...]], **more: object) -> GateResult:
    people = talks(200, 30, name="h", origin="human")
    settings = LoopSettings(replace=True, **more)  # type: ignore[arg-type]
    gate = reference_gate(people, freeze(people), settings)
    made = tuple(one for each in rounds for one in each)
    return gate(
        GateInput(first=rounds[0], now=rounds[-1], human_share=0.5, human_floor=0.3, so_far=made, learnt=tuple(rounds))
    )


def test_rounds_that_stay_like_the_reference_pass() -> None:
    passed = told([talks(200, 30, name=f"{n}-", origin="human") for n in range(4)])
    assert passed.passed
    assert passed.watch is not None
    assert not passed.watch.alarm
    assert passed.figures["human words"] == 1.0


def test_rounds_that_lose_what_is_rare_fail_and_say_which_figure_fell() -> None:
    rounds = [talks(200, rare, name=f"{n}-") for n, rare in enumerate((30, 20, 10, 2, 0))]
    failed = told(rounds)
    assert not failed.passed
    assert failed.watch is not None
    assert failed.watch.alarm
    assert "a round" in failed.reasons[0]
    assert told(rounds[:2]).passed, "two rounds have no slope"


def test_few_human_words_only_warn() -> None:
    passed = told([talks(200, 30, name=f"{n}-") for n in range(3)])
    assert passed.passed
    assert passed.watch is not None
    assert any("below the floor of 10%" in one for one in passed.watch.warnings)
    assert any("accumulate" in one for one in passed.watch.warnings)


def test_a_gate_of_the_settings_fails_a_round_that_is_surely_past_it() -> None:
    failed = told([talks(200, 0)], gates=("tail_retention >= 0.8",))
    assert not failed.passed
    assert "tail_retention >= 0.8" in failed.reasons[0]
    assert failed.outcomes[0].state == "breached"
    assert told([talks(200, 30)], gates=("tail_retention >= 0.2",)).passed


@pytest.fixture
async def people(tmp_path: Path) -> ExampleSet:
    return await made_by(spec_in(tmp_path / "people", name="dev", seed=78, scenarios=30), tmp_path / "people-run")


async def test_a_loop_compares_with_its_reference_writes_it_down_and_takes_no_other(
    people: ExampleSet, tmp_path: Path
) -> None:
    spec = placed(spec_in(tmp_path / "spec"))
    settings = LoopSettings(rounds=1, gates=("tail_retention >= 0.1",))
    report = await run_loop([spec], people, tmp_path / "loop", settings, reference=people)
    assert report.reference == people.hash
    assert (tmp_path / "loop" / "reference.json").exists()
    assert report.rounds[0].gate.watch is not None
    assert "tail\\_retention" in (tmp_path / "loop" / "round_1" / "round.md").read_text()
    other = msgspec.structs.replace(people, examples=people.examples[:25])
    with pytest.raises(InputError, match="other reference"):
        await run_loop([spec], people, tmp_path / "loop", settings, reference=other)


async def test_with_patience_0_all_rounds_are_run_and_more_patience_goes_on_in_the_same_folder(
    people: ExampleSet, tmp_path: Path
) -> None:
    spec = placed(spec_in(tmp_path / "spec"))
    given_up = await run_loop([spec], people, tmp_path / "loop", LoopSettings(rounds=3, patience=1))
    assert (given_up.stop, len(given_up.rounds)) == ("no gain", 2)
    report = await run_loop([spec], people, tmp_path / "loop", LoopSettings(rounds=3, patience=0))
    assert (report.stop, len(report.rounds)) == ("rounds", 3)


@pytest.mark.parametrize(
    ("settings", "few", "why"),
    [
        (LoopSettings(patience=-1), False, "patience"),
        (LoopSettings(gates=("tail_retention is fine",)), False, "no condition"),
        (LoopSettings(gates=("tail_retentoin >= 1",)), False, "no monitor"),
        (LoopSettings(), True, "too few to follow rounds"),
    ],
)
async def test_what_cannot_be_watched_is_refused_before_anything_is_written(
    people: ExampleSet, tmp_path: Path, settings: LoopSettings, few: bool, why: str
) -> None:
    reference = msgspec.structs.replace(people, examples=people.examples[:5]) if few else None
    with pytest.raises(InputError, match=why):
        await run_loop([placed(spec_in(tmp_path / "spec"))], people, tmp_path / "loop", settings, reference=reference)
    assert not (tmp_path / "loop").exists()


async def test_few_dev_conversations_and_no_reference_leave_the_guard_against_the_first_round(
    people: ExampleSet, tmp_path: Path
) -> None:
    few = msgspec.structs.replace(people, examples=people.examples[:15])
    report = await run_loop([placed(spec_in(tmp_path / "spec"))], few, tmp_path / "loop", LoopSettings(rounds=1))
    assert report.reference == ""
    assert "divergence" in report.rounds[0].gate.figures


async def test_a_gate_of_a_spec_stops_the_loop_and_the_same_call_says_so_again(
    people: ExampleSet, tmp_path: Path
) -> None:
    gate = "{when: 'act_mix >= 0.9'}"
    watching = f"monitor: {{reference: [{tmp_path / 'people-run'}], permutations: 99, halves: 10, gates: [{gate}]}}"
    spec = placed(spec_in(tmp_path / "spec", more=watching))
    for _ in range(2):
        report = await run_loop([spec], people, tmp_path / "loop", LoopSettings(rounds=2))
        assert (report.stop, report.rounds) == ("stopped", ())
    calls = (tmp_path / "spec" / "calls.log").read_text().split()
    assert len(calls) == len(set(calls))
