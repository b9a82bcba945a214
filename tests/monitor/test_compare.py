"""The verb: what it refuses, what it leaves out, that it is repeatable, and what its lights and sentences say."""

from __future__ import annotations

import random

import msgspec
import pytest

from turnwright.errors import InputError
from turnwright.monitor import Monitor, MonitorSettings
from turnwright.monitor.compare import compare
from turnwright.monitor.measures import cells, flow, tails
from turnwright.monitor.panel import PANEL, monitors_named
from turnwright.reading import Example, ExampleSet, Said
from turnwright.records.fidelity import Fidelity

CHEAP = (*tails.MONITORS, *cells.MONITORS, *flow.MONITORS)
QUICK = MonitorSettings(permutations=199, halves=20)


def conversation(rng: random.Random, rare: float = 0.15, word: str = "table", natural: float | None = None) -> Example:
    turns = []
    for _ in range(rng.randint(2, 6)):
        turns.append(Said(role="user", text=f"I would like to book the {word} for {rng.randint(1, 9)}, please"))
        turns.append(Said(role="assistant", text="For what time do you need it?", act=rng.choice(["ask", "inform"])))
    if rng.random() < rare:
        turns.append(Said(role="assistant", text="It is yours then.", act=f"odd_{rng.randint(1, 6)}"))
    return Example(name="", task="shop", turns=tuple(turns), natural=natural)


def made(count: int, seed: int, rare: float = 0.15, word: str = "table") -> ExampleSet:
    rng = random.Random(seed)
    return ExampleSet(examples=tuple(conversation(rng, rare, word) for _ in range(count)), sources=(f"{seed}.jsonl",))


def read(reference: ExampleSet, synthetic: ExampleSet, settings: MonitorSettings = QUICK, seed: int = 0) -> Fidelity:
    return compare(reference, synthetic, settings, monitors=CHEAP, seed=seed)


# --- what it refuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("real", "other", "says"),
    [(0, 50, "the reference is empty"), (50, 0, "the synthetic set is empty"),
     (1, 50, "the reference has 1 conversation;"), (50, 9, "the synthetic set has 9 conversations;")],
)  # fmt: skip
def test_too_few_conversations_are_refused_in_one_line(real: int, other: int, says: str) -> None:
    with pytest.raises(InputError, match=says) as fault:
        read(made(real, 1), made(other, 2))
    assert "\n" not in str(fault.value)
    assert "at least 10" in str(fault.value)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnwright.monitor.compare.find_spec", lambda name: None if name == "sklearn" else object())
    with pytest.raises(InputError, match="scikit-learn is not installed") as fault:
        read(made(20, 1), made(20, 2))
    assert "turnwright[measure]" in str(fault.value)


def test_a_name_that_no_monitor_has_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match="no monitor 'tail_retension'") as fault:
        monitors_named(["tail_retension"])
    assert "tail_retention" in str(fault.value)
    assert [one.name for one in monitors_named(["turns", "tail_scan"])] == ["tail_scan", "turns"]


# --- what it says ------------------------------------------------------------------------------------------------


def test_the_same_sets_settings_and_seed_give_the_same_bytes() -> None:
    first, second = (msgspec.json.encode(read(made(40, 1), made(40, 2))) for _ in range(2))
    assert first == second


def test_two_halves_of_one_set_raise_no_alarm() -> None:
    fidelity = read(made(80, 1), made(80, 2))
    assert not fidelity.alarm
    assert fidelity.light in ("green", "amber")
    assert fidelity.n == (80, 80)


def test_a_lost_tail_is_an_alarm_with_figure_interval_floor_and_smallest_effect() -> None:
    fidelity = read(made(100, 1), made(100, 2, rare=0.0))
    assert fidelity.alarm
    assert fidelity.light == "red"
    scan, left = fidelity.reading("tail_scan"), fidelity.reading("tail_retention")
    assert scan is not None
    assert scan.light == "red"
    assert scan.adjusted is not None
    assert scan.adjusted <= 0.05
    assert left is not None
    assert left.value == 0.0
    assert left.floor is not None
    assert left.floor.low < 1 < left.floor.high
    assert left.smallest is not None
    assert 0 < left.smallest < 1
    assert "more than chance explains" in scan.meaning


def test_every_light_follows_from_p_and_adjusted_p() -> None:
    for one in read(made(60, 1), made(60, 2, rare=0.0)).readings:
        if one.p is None or one.adjusted is None:
            assert one.light == "grey"
        else:
            assert one.light == ("red" if one.adjusted <= 0.05 else "amber" if one.p <= 0.05 else "green")
            assert one.adjusted >= one.p


def test_an_interval_holds_the_figure_and_a_green_one_says_what_would_have_been_seen() -> None:
    fidelity = read(made(80, 1), made(80, 2))
    turns = fidelity.reading("turns")
    assert turns is not None
    assert turns.low is not None
    assert turns.high is not None
    assert turns.value is not None
    assert turns.low < turns.value < turns.high
    assert (turns.reference, turns.synthetic) != (None, None)
    assert "nothing is seen; at these numbers a difference of" in turns.meaning


# --- what it leaves out ------------------------------------------------------------------------------------------


def test_sets_without_acts_are_compared_in_what_they_have_and_the_rest_is_named() -> None:
    def bare(examples: ExampleSet) -> ExampleSet:
        return ExampleSet(
            examples=tuple(
                msgspec.structs.replace(one, turns=tuple(msgspec.structs.replace(turn, act="") for turn in one.turns))
                for one in examples.examples
            )
        )

    fidelity = read(made(30, 1), bare(made(30, 2)))
    left = fidelity.reading("act_mix")
    assert left is not None
    assert (left.value, left.light) == (None, "grey")
    assert left.left_out == "no assistant turn is labelled in the synthetic set"
    assert "Mix of acts: no assistant turn is labelled in the synthetic set" in fidelity.left_out
    turns = fidelity.reading("turns")
    assert turns is not None
    assert turns.p is not None


def test_small_sets_and_copies_are_told() -> None:
    reference = made(30, 1)
    copied = ExampleSet(examples=(*reference.examples[:12], *made(10, 2).examples))
    notes = " ".join(read(reference, copied).notes)
    assert "22 conversations on a side" in notes
    assert "12 synthetic conversations are word for word in the reference" in notes


def test_weights_are_told_and_change_the_figures() -> None:
    rng = random.Random(3)
    weighted = ExampleSet(
        examples=tuple(conversation(rng, rare=float(n % 2), natural=[1.7, 0.3][n % 2]) for n in range(120))
    )
    natural = read(made(100, 1), weighted)
    stress = read(made(100, 1), weighted, QUICK.model_copy(update={"view": "stress"}))
    left, plain = natural.reading("tail_retention"), stress.reading("tail_retention")
    assert left is not None
    assert plain is not None
    assert left.value is not None
    assert plain.value is not None
    assert plain.value / left.value == pytest.approx(0.5 / 0.15, rel=0.15)  # half of them are rare, 15 % by weight
    assert any("worth" in note for note in natural.notes)
    assert not stress.notes


# --- the panel ---------------------------------------------------------------------------------------------------


def test_every_monitor_of_the_panel_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({one.name for one in PANEL}) == len(PANEL)
    assert all(one.means and one.title and one.family for one in PANEL)
    assert any(one.headline for one in PANEL)


def test_the_whole_panel_reads_every_monitor_or_says_why_not() -> None:
    fidelity = compare(made(25, 1), made(25, 2), MonitorSettings(permutations=99, halves=10))
    assert [one.name for one in fidelity.readings] == [one.name for one in PANEL]
    assert all((one.value is None) == bool(one.left_out) for one in fidelity.readings)
    assert sum(one.p is not None for one in fidelity.readings) > 40
    assert not fidelity.alarm


def test_a_panel_of_one_monitor_is_corrected_for_one() -> None:
    only: tuple[Monitor, ...] = monitors_named(["turns"])
    found = compare(made(30, 1), made(30, 2), QUICK, monitors=only).readings[0]
    assert found.adjusted == found.p


def test_progress_is_told_in_words() -> None:
    heard: list[str] = []
    compare(made(12, 1), made(12, 2), QUICK, monitors=CHEAP, tell=heard.append)
    assert "counting: Tail retention" in heard
    assert "permuting 199 times" in heard
