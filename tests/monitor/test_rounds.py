import math

import numpy as np
import pytest

from turnwright.errors import InputError
from turnwright.monitor.rounds import (
    FrozenReference,
    Level,
    RoundFigures,
    freeze,
    kept_reference,
    levels_table,
    round_figures,
    watch,
)
from turnwright.monitor.slopes import slope_of
from turnwright.monitor.variety import FIGURES, Counted, measured
from turnwright.reading import Example, Said
from turnwright.records import canonical

COMMON, RARE = ["greet", "ask", "tell", "thank", "close", "book", "pay"], ["refuse", "repair", "complain"]


def conversations(count: int, seed: int, *, rare: float = 0.04, origin: str = "human", labelled: bool = True):
    """Twelve assistant turns each; every rare act has this chance, common ones share the rest."""
    rng = np.random.default_rng(seed)
    acts = [*COMMON, *RARE]
    chances = [(1 - rare * len(RARE)) / len(COMMON)] * len(COMMON) + [rare] * len(RARE)
    drawn = rng.choice(len(acts), (count, 12), p=chances)
    words = rng.integers(0, 40, (count, 12, 3))
    return [
        Example(
            name=f"{seed}/{number}",
            task="t",
            turns=tuple(
                Said(
                    role="assistant",
                    text=" ".join(f"w{word}" for word in words[number, place]),
                    act=acts[act] if labelled else "",
                    origin=origin,
                )
                for place, act in enumerate(row)
            ),
        )
        for number, row in enumerate(drawn)
    ]


HUMAN = conversations(300, 1)
FROZEN = freeze(HUMAN)


def rounds_of(rares, *, mode="replace", size=200, seed=100, origin="model"):
    return [
        round_figures(
            conversations(size, seed + number, rare=rare, origin=origin), HUMAN, FROZEN, number=number, mode=mode
        )
        for number, rare in enumerate(rares, start=1)
    ]


def test_a_tail_that_is_lost_over_rounds_sets_off_the_alarm():
    seen = watch(rounds_of([0.04, 0.03, 0.022, 0.015, 0.008, 0.004]))
    assert seen.alarm
    assert 3 <= seen.since <= 6
    assert any("tail_retention" in one and "is left" in one for one in seen.why)


def test_rounds_that_stay_as_the_reference_set_off_no_alarm():
    assert not any(watch(rounds_of([0.04] * 6, seed=1000 * seed, size=100)).alarm for seed in range(10))


def test_a_loss_that_does_not_go_on_is_no_collapse():
    seen = watch(rounds_of([0.02] * 8))
    assert not seen.alarm
    assert levels_table(rounds_of([0.02]))["tail_retention"][0] < 0.7


def test_a_fall_within_the_loss_that_is_allowed_is_no_collapse():
    falling = rounds_of([0.04, 0.037, 0.034, 0.031, 0.028], size=400)
    assert falling[-1].level("tail_retention").value < 0.9
    assert not watch(falling).alarm
    assert watch(falling, loss=0.1).alarm


def test_rounds_are_compared_with_the_frozen_reference_and_no_other():
    other = conversations(300, 2)
    with pytest.raises(InputError, match="compared with reference st_") as refused:
        round_figures(conversations(50, 9), other, FROZEN, number=2)
    assert "\n" not in str(refused.value)
    strange = round_figures(conversations(50, 9), other, freeze(other), number=2)
    with pytest.raises(InputError, match="another reference"):
        watch([*rounds_of([0.04]), strange])


def test_the_frozen_reference_is_kept_in_a_file_and_another_one_is_refused(tmp_path):
    place = tmp_path / "reference.json"
    first = kept_reference(place, HUMAN)
    written = place.read_bytes()
    assert kept_reference(place, HUMAN) == first == FROZEN
    with pytest.raises(InputError, match="begin anew"):
        kept_reference(place, HUMAN[:-1])
    assert place.read_bytes() == written == canonical(FROZEN) + b"\n"
    place.write_text("{}")
    with pytest.raises(InputError, match="no frozen reference"):
        kept_reference(place, HUMAN)


def test_fewer_than_twenty_human_conversations_are_no_reference():
    with pytest.raises(InputError, match="too few"):
        freeze(HUMAN[:19])


def test_no_round_cannot_be_watched():
    with pytest.raises(InputError):
        watch([])


def test_a_human_share_below_the_floor_is_warned_about():
    mixed = conversations(190, 5, origin="model") + conversations(10, 6)
    made = round_figures(mixed, HUMAN, FROZEN, number=1)
    assert made.human_share == pytest.approx(0.05)
    assert any("5.0% of the words are human" in one for one in watch([made]).warnings)
    assert not any("floor" in one for one in watch([made], human_floor=0.05).warnings)
    nobody = round_figures(conversations(20, 7, origin=""), HUMAN, FROZEN, number=1)
    assert nobody.human_share is None
    assert any("unknown" in one for one in watch([nobody]).warnings)


def test_replacing_is_written_down_and_warned_about():
    made = rounds_of([0.04])
    assert made[0].mode == "replace"
    assert any("replaces" in one for one in watch(made).warnings)
    assert not any("replaces" in one for one in watch(rounds_of([0.04], mode="accumulate")).warnings)


def test_without_act_labels_words_are_followed_and_it_is_said_what_is_not():
    plain = conversations(60, 3, labelled=False)
    made = round_figures(plain, HUMAN, FROZEN, number=1)
    values = {one.name: one.value for one in made.levels}
    assert values["tail_retention"] is None
    assert values["pair_entropy"] is not None
    assert any("no act labels" in one for one in watch([made]).warnings)
    assert freeze(plain).tail_share is None


def test_a_round_of_a_few_conversations_is_not_read():
    made = round_figures(conversations(9, 3), HUMAN, FROZEN, number=1)
    assert all(one.value is None for one in made.levels)


def test_sets_are_compared_at_the_same_size_so_that_a_small_human_round_is_not_called_poor():
    small = round_figures(conversations(25, 11), HUMAN, FROZEN, number=1)
    for name in ("act_entropy", "flow_entropy", "word_entropy", "pair_entropy"):
        level = small.level(name)
        assert abs(level.value) < 4 * math.hypot(level.error, level.shared)


def test_entropy_and_its_error_are_those_of_a_closed_form():
    made = measured(Counted(HUMAN), frozenset(), size=len(HUMAN))["act_entropy"]
    acts = [turn.act for one in HUMAN for turn in one.turns]
    shares = np.unique(acts, return_counts=True)[1] / len(acts)
    assert made.value == pytest.approx(-(shares * np.log2(shares)).sum())
    independent = math.sqrt((shares * np.log2(shares) ** 2).sum() - made.value**2) / math.sqrt(len(acts))
    assert made.error == pytest.approx(independent, rel=0.15)  # turns are drawn independently here


def test_the_error_of_a_figure_is_how_much_it_varies_between_sets():
    sets = [measured(Counted(conversations(80, 500 + n)), frozenset(f"assistant: {one}" for one in RARE), size=80)
            for n in range(60)]  # fmt: skip
    for name in FIGURES:
        told = np.mean([one[name].error for one in sets])
        assert told == pytest.approx(np.std([one[name].value for one in sets], ddof=1), rel=0.35)


def test_a_slope_is_the_least_squares_slope_and_its_bound_widens_with_scatter():
    numbers, line = np.arange(1.0, 7), 2 - 0.5 * np.arange(1.0, 7)
    exact = slope_of("f", numbers, line, np.eye(6) * 0.01, 0.025)
    assert exact.value == pytest.approx(-0.5)
    assert exact.high == pytest.approx(-0.5 + 1.96 * 0.1 / math.sqrt(17.5), abs=1e-4)
    assert exact.scatter == 1
    bent = slope_of("f", numbers, line + np.array([1, -1, 1, -1, 1, -1]), np.eye(6) * 0.01, 0.025)
    assert bent.scatter > 5
    assert bent.high - bent.value > 5 * (exact.high - exact.value)


def test_rounds_that_share_conversations_do_not_count_as_independent_ones():
    def drawn(mode):
        return [
            RoundFigures(
                number=n, mode=mode, set=f"s{n}", reference="r", conversations=100 * n, human_share=1.0, known=1.0,
                levels=(Level(name="act_entropy", value=-0.1 * n, error=0.1 / math.sqrt(n), floor=0.0),),
            )
            for n in range(1, 6)
        ]  # fmt: skip

    apart, nested = (watch(drawn(mode)).slopes[0] for mode in ("replace", "accumulate"))
    assert nested.value == pytest.approx(apart.value)
    assert nested.high - nested.value != pytest.approx(apart.high - apart.value, rel=0.01)


def test_the_same_reference_freezes_to_the_same_bytes():
    assert isinstance(FROZEN, FrozenReference)
    assert canonical(freeze(HUMAN)) == canonical(FROZEN)
    assert FROZEN.tail == ("assistant: complain", "assistant: refuse", "assistant: repair")
