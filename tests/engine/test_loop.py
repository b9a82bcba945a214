"""The closed loop on a small shop without a model: it finds a planted weakness, and moves for nothing less."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from loop_cases import example_of, made_by, placed, shop_named, spec_in

from turnwright.engine import Concluded, Event, silent
from turnwright.engine.loop.gate import divergence, first_round_gate
from turnwright.engine.loop.records import GateInput, GateResult, LoopSettings
from turnwright.engine.loop.rounds import run_loop
from turnwright.engine.loop.steering import Steering
from turnwright.errors import InputError
from turnwright.reading import ExampleSet, read_set

SETTINGS = LoopSettings(rounds=2)


@pytest.fixture(scope="module")
def detours(tmp_path_factory: pytest.TempPathFactory) -> ExampleSet:
    """A dev set full of what a first round hardly samples."""
    folder = tmp_path_factory.mktemp("dev")
    spec = spec_in(folder / "spec", name="dev", seed=77, scenarios=50, repair=0.8)
    return asyncio.run(made_by(spec, folder / "run"))


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> ExampleSet:
    """A dev set of the kind that the first round makes."""
    folder = tmp_path_factory.mktemp("alike")
    return asyncio.run(made_by(spec_in(folder / "spec", name="dev", seed=78, scenarios=40), folder / "run"))


def as_human(one: ExampleSet) -> ExampleSet:
    examples = [
        msgspec.structs.replace(
            each, turns=tuple(msgspec.structs.replace(turn, origin="human") for turn in each.turns if turn.role)
        )
        for each in one.examples
    ]
    return msgspec.structs.replace(one, examples=tuple(examples))


def share(folder: Path, number: int, level: str) -> float:
    made = read_set([folder / f"round_{number}" / "runs" / "mini_shop"]).examples
    return sum(one.levels["detour"] == level for one in made) / len(made)


def kept(folder: Path) -> dict[str, bytes]:
    """Everything that the loop itself wrote, and the exports of its runs."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and "run." not in path.name and path.suffix != ".lock"
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.name != "report.html"}


async def test_a_weakness_that_round_one_hardly_samples_is_found_sampled_more_and_learnt(
    detours: ExampleSet, tmp_path: Path
) -> None:
    report = await run_loop([placed(spec_in(tmp_path / "spec"))], detours, tmp_path / "loop", SETTINGS)
    steering = msgspec.json.decode((tmp_path / "loop/round_1/steering.json").read_bytes(), type=Steering)
    assert {(one.factor, one.level) for one in steering.pushes} == {("detour", "repair")}
    assert share(tmp_path / "loop", 2, "repair") >= 2 * share(tmp_path / "loop", 1, "repair")
    first, second = report.rounds
    assert second.gain is not None
    assert second.gain.difference.low > 0
    assert second.score.value > first.score.value + 0.05
    assert any(cell.fewer.low > 0 for cell in second.changed)
    assert second.learnt == first.generated + second.generated


async def test_with_nothing_to_mend_nothing_is_steered_and_the_loop_stops_after_two_rounds_without_gain(
    alike: ExampleSet, tmp_path: Path
) -> None:
    settings = LoopSettings(rounds=6)
    report = await run_loop([placed(spec_in(tmp_path / "spec", scenarios=60))], alike, tmp_path / "loop", settings)
    assert report.stop == "no gain"
    assert len(report.rounds) == 3
    for number in (1, 2, 3):
        steering = json.loads((tmp_path / f"loop/round_{number}/steering.json").read_text())
        assert steering["pushes"] == []
        assert "nothing is steered" in steering["notes"][0]


class Killed(Exception):
    """The process dies here."""


@pytest.mark.parametrize("moment", ["in the second round's run", "before the second round is written"])
async def test_a_loop_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    moment: str, detours: ExampleSet, tmp_path: Path
) -> None:
    calm, spec = spec_in(tmp_path / "calm"), spec_in(tmp_path / "killed")
    usual = first_round_gate if moment.startswith("before") else None
    whole = await run_loop([placed(calm)], detours, tmp_path / "whole", SETTINGS, gate=usual)

    def dies(event: Event) -> None:
        second = (tmp_path / "loop/round_1/round.json").exists()
        if moment.startswith("in") and second and isinstance(event, Concluded) and event.admission.ordinal == 20:
            raise Killed

    def stops(given: GateInput) -> GateResult:
        if (tmp_path / "loop/round_1/round.json").exists():
            raise Killed
        return first_round_gate(given)

    with pytest.raises((Killed, ExceptionGroup)):
        await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS, gate=usual and stops, tell=dies)
    assert not (tmp_path / "loop/round_2/round.json").exists()
    report = await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS, gate=usual)
    assert report == whole
    assert kept(tmp_path / "loop") == kept(tmp_path / "whole")
    sent = (tmp_path / "killed/calls.log").read_text().split()
    # calls in flight when it died may be sent again, finished ones are not
    assert len(sent) <= len((tmp_path / "calm/calls.log").read_text().split()) + 8


async def test_a_loop_that_is_run_again_pays_nothing_and_more_rounds_go_on_from_there(
    detours: ExampleSet, tmp_path: Path
) -> None:
    spec = spec_in(tmp_path / "spec", scenarios=25)
    await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS)
    before, calls = kept(tmp_path / "loop"), (tmp_path / "spec/calls.log").read_text()
    again = await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS)
    assert kept(tmp_path / "loop") == before
    assert (tmp_path / "spec/calls.log").read_text() == calls
    more = await run_loop([placed(spec)], detours, tmp_path / "loop", LoopSettings(rounds=3))
    assert more.rounds[:2] == again.rounds
    assert len(more.rounds) == 3


async def test_the_test_is_looked_at_once_and_decides_nothing(
    detours: ExampleSet, alike: ExampleSet, tmp_path: Path
) -> None:
    spec = spec_in(tmp_path / "spec", scenarios=25)
    await run_loop([placed(spec)], detours, tmp_path / "plain", SETTINGS)
    report = await run_loop([placed(spec)], detours, tmp_path / "tested", SETTINGS, test=alike)
    assert report.test is not None
    assert report.test.gain is not None
    differ = {name for name, data in kept(tmp_path / "tested").items() if kept(tmp_path / "plain")[name] != data}
    assert differ == {"loop.json", "loop.md"}


async def test_a_dev_set_among_the_human_conversations_is_answered_by_students_that_have_not_seen_it(
    detours: ExampleSet, tmp_path: Path
) -> None:
    people = as_human(detours)
    report = await run_loop(
        [placed(spec_in(tmp_path / "spec", scenarios=25))], people, tmp_path / "loop",
        LoopSettings(rounds=1, human_floor=0.8), human=people,
    )  # fmt: skip
    only = report.rounds[0]
    assert only.cross_fitted
    assert only.human == len(people)
    assert only.human_share == pytest.approx(0.8)
    assert "cross-fitted" in (tmp_path / "loop/loop.md").read_text()


async def test_a_failed_gate_halves_the_next_step_and_says_why(detours: ExampleSet, tmp_path: Path) -> None:
    def fails(given: GateInput) -> GateResult:
        return GateResult(passed=False, reasons=("it looks odd",))

    spec = placed(spec_in(tmp_path / "spec", scenarios=25))
    report = await run_loop([spec], detours, tmp_path / "loop", SETTINGS, gate=fails)
    assert [one.strength for one in report.rounds] == [0.5, 0.25]
    steering = msgspec.json.decode((tmp_path / "loop/round_1/steering.json").read_bytes(), type=Steering)
    assert steering.strength == 0.5
    assert "halved: it looks odd" in (tmp_path / "loop/round_1/round.md").read_text()


async def test_a_cap_holds_over_all_rounds_and_a_higher_one_goes_on(detours: ExampleSet, tmp_path: Path) -> None:
    spec = spec_in(tmp_path / "spec", scenarios=25, more="caps: {calls: 380}")
    capped = await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS)
    assert capped.stop == "capped"
    assert len((tmp_path / "spec/calls.log").read_text().split()) <= 380
    spec = spec_in(tmp_path / "spec", scenarios=25)
    whole = await run_loop([placed(spec)], detours, tmp_path / "loop", SETTINGS)
    assert whole.stop == "rounds"
    assert len(whole.rounds) == 2


async def test_two_domains_are_run_and_steered_side_by_side(tmp_path: Path) -> None:
    specs = [
        spec_in(tmp_path / name, name=name, scenarios=25, domain=shop_named(tmp_path / "domains" / name, name))
        for name in ("shop_a", "shop_b")
    ]
    dev = ExampleSet(
        examples=tuple(
            example_of(f"{task}/{n}", task, {"detour": "repair" if task == "shop_b" else "none"})
            for task in ("shop_a", "shop_b")
            for n in range(20)
        )
    )
    report = await run_loop([placed(spec) for spec in specs], dev, tmp_path / "loop", SETTINGS)
    assert report.domains == ("shop_a", "shop_b")
    assert sum(report.rounds[1].scenarios.values()) == 50
    steering = msgspec.json.decode((tmp_path / "loop/round_1/steering.json").read_bytes(), type=Steering)
    assert {one.domain for one in steering.pushes} <= {"shop_b"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rounds": 0}, "a loop of 0 rounds"),
        ({"human_floor": 0.5}, "without human conversations"),
        ({"human_floor": 1.5}, "impossible"),
    ],
)
async def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    changed: dict[str, float], says: str, alike: ExampleSet, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(SETTINGS, **changed)
    with pytest.raises(InputError, match=says):
        await run_loop([placed(spec_in(tmp_path / "spec"))], alike, tmp_path / "loop", settings)
    assert not (tmp_path / "loop").exists()


async def test_a_test_that_shares_conversations_with_the_dev_or_human_set_is_refused(
    detours: ExampleSet, alike: ExampleSet, tmp_path: Path
) -> None:
    spec = placed(spec_in(tmp_path / "spec"))
    both = ExampleSet(examples=(*alike.examples, detours.examples[0]))
    with pytest.raises(InputError, match="1 of the 50 conversations of the dev set stand in the test"):
        await run_loop([spec], detours, tmp_path / "loop", SETTINGS, test=both)
    with pytest.raises(InputError, match="of the human set stand in the test"):
        await run_loop([spec], detours, tmp_path / "loop", SETTINGS, test=alike, human=as_human(alike))
    assert not (tmp_path / "loop").exists()


async def test_a_dev_set_that_is_partly_human_training_data_is_refused(
    detours: ExampleSet, alike: ExampleSet, tmp_path: Path
) -> None:
    human = as_human(ExampleSet(examples=detours.examples[:10]))
    with pytest.raises(InputError, match="10 of the dev set's 50 conversations are among the human ones"):
        await run_loop([placed(spec_in(tmp_path / "spec"))], detours, tmp_path / "loop", SETTINGS, human=human)


async def test_a_folder_belongs_to_one_loop(detours: ExampleSet, alike: ExampleSet, tmp_path: Path) -> None:
    spec = placed(spec_in(tmp_path / "spec", scenarios=10))
    await run_loop([spec], detours, tmp_path / "loop", LoopSettings(rounds=1))
    before = kept(tmp_path / "loop")
    with pytest.raises(InputError, match="begun with other dev"):
        await run_loop([spec], alike, tmp_path / "loop", LoopSettings(rounds=1))
    with pytest.raises(InputError, match="begun with other settings"):
        await run_loop([spec], detours, tmp_path / "loop", LoopSettings(rounds=1, replace=True))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds other things \(thesis.txt\)"):
        await run_loop([spec], detours, tmp_path / "other", LoopSettings(rounds=1))
    assert kept(tmp_path / "loop") == before
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]


async def test_two_specs_of_one_domain_and_no_spec_at_all_are_refused(alike: ExampleSet, tmp_path: Path) -> None:
    spec = placed(spec_in(tmp_path / "spec"))
    with pytest.raises(InputError, match="two specs are of the domain 'mini_shop'"):
        await run_loop([spec, spec], alike, tmp_path / "loop", SETTINGS, tell=silent)
    with pytest.raises(InputError, match="a loop without a spec"):
        await run_loop([], alike, tmp_path / "loop", SETTINGS)


def test_the_gate_sees_acts_that_drift_a_tail_that_goes_and_too_few_people() -> None:
    plain = [example_of(str(n), "t", {"detour": "repair" if n % 9 == 0 else "none"}) for n in range(40)]
    gone = [example_of(str(n), "t", {"detour": "none"}) for n in range(40)]
    odd = [example_of(str(n), "t", {"detour": "repair", "memory": "forgets"}) for n in range(40)]

    def gate(now: list, human: float = 0.5) -> GateResult:  # type: ignore[type-arg]
        return first_round_gate(GateInput(first=tuple(plain), now=tuple(now), human_share=human, human_floor=0.3))

    assert gate(plain).passed
    assert "tail" in gate(gone).reasons[0]
    assert "bits" in gate(odd).reasons[0]
    assert "human share is 10.0%" in gate(plain, human=0.1).reasons[0]


def test_divergence_is_nothing_for_equal_shares_and_one_bit_for_nothing_in_common() -> None:
    assert divergence({"a": 2, "b": 2}, {"a": 7, "b": 7}) == 0
    assert divergence({"a": 2}, {"b": 9}) == pytest.approx(1)
    assert divergence({"a": 3, "b": 1}, {"a": 1, "b": 3}) == pytest.approx(
        divergence({"a": 1, "b": 3}, {"a": 3, "b": 1})
    )
    assert divergence({}, {}) == 0
