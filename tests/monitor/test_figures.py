import numpy as np
import pytest

from turnwright.monitor.figures import figure_of
from turnwright.monitor.sampling import sample_of
from turnwright.monitor.statistic import LeftOut, Monitor
from turnwright.reading import Example, Said

ACTS = 12


def conversations(count: int, seed: int) -> list[Example]:
    """Eight turns each, every one of twelve acts as likely as the others."""
    drawn = np.random.default_rng(seed).integers(0, ACTS, (count, 8))
    return [
        Example(name=f"{seed}/{n}", task="t", turns=tuple(Said(role="assistant", text="x", act=f"a{a}") for a in row))
        for n, row in enumerate(drawn)
    ]


class Mix:
    """Total variation distance of the shares of acts: never 0 between two small sets."""

    def __init__(self, sample, *, weighs=True):
        acts = [[int(turn.act[1:]) for turn in one.turns] for one in sample.examples]
        self._counts = np.array([np.bincount(one, minlength=ACTS) for one in acts], float)
        self.weighs, self.n = weighs, (sample.reference, len(sample.examples) - sample.reference)

    def values(self, real, other):
        shares = [side @ self._counts for side in (real, other)]
        one, two = (side / side.sum(axis=1, keepdims=True) for side in shares)
        return np.abs(one - two).sum(axis=1) / 2

    def levels(self, real, other):
        return None

    def details(self, real, other):
        return ()


class Part(Mix):
    """Share of the first act: its spread has a closed form."""

    def values(self, real, other):
        shares = [(side @ self._counts[:, 0]) / (side @ self._counts.sum(axis=1)) for side in (real, other)]
        return shares[1] - shares[0]

    def levels(self, real, other):
        return 0.1, 0.2


class Knowing(Mix):
    """Tells its own interval."""

    def interval(self, real, other, level):
        return (0.4, 0.4 + level / 10)


def monitor(prepare, **more) -> Monitor:
    return Monitor("m", "f", "M", "It says so", prepare, **more)


def taken(prepare, humans=300, made=40, seed=0, **more):
    sample = sample_of(conversations(humans, 10 * seed + 1), conversations(made, 10 * seed + 2), seed=seed)
    return figure_of(sample, monitor(prepare, **more))


def test_what_human_sets_of_the_same_size_show_is_taken_off():
    found = [taken(Mix, seed=seed) for seed in range(12)]
    assert all(one.floor.median > 0.04 for one in found)
    assert abs(np.mean([one.value for one in found])) < 0.01
    assert sum(one.bounds(0.025)[0] > 0 for one in found) <= 2


def test_it_is_taken_off_figures_that_take_no_repeated_conversations_too():
    found = [taken(lambda sample: Mix(sample, weighs=False), seed=seed) for seed in range(12)]
    assert abs(np.mean([one.value for one in found])) < 0.015
    assert sum(one.bounds(0.025)[0] > 0 for one in found) <= 2


def test_the_error_is_that_of_a_difference_of_two_shares():
    found = taken(Part, humans=400, made=100, worse="either")
    known = np.sqrt(1 / ACTS * (1 - 1 / ACTS) * (1 / 3200 + 1 / 800))  # turns are drawn independently here
    assert found.error == pytest.approx(known, rel=0.2)
    assert found.levels == (0.1, 0.2)
    low, high = found.bounds(0.025)
    assert high - low == pytest.approx(2 * 1.96 * found.error, rel=1e-3)


def test_bounds_widen_as_their_error_shrinks_far_beyond_what_resamples_can_tell():
    found = taken(Part, worse="either")
    widths = [found.bounds(error)[1] - found.bounds(error)[0] for error in (0.025, 0.001, 1e-6, 1e-12)]
    assert widths == sorted(widths)
    assert widths[-1] > 3 * widths[0]


def test_a_monitor_that_knows_its_interval_is_believed():
    found = taken(Knowing)
    assert found.bounds(0.05) == pytest.approx((0.4, 0.49))
    assert found.bounds(0.005) == pytest.approx((0.4, 0.499))


def test_a_monitor_that_is_left_out_has_no_bounds_and_says_why():
    found = taken(lambda sample: LeftOut("no words at all"))
    assert found.bounds(0.05) is None
    assert found.left_out == "no words at all"


def test_a_figure_that_is_not_a_number_is_left_out():
    class Broken(Mix):
        def values(self, real, other):
            return np.full(len(real), np.nan)

    assert "not defined" in taken(Broken).left_out
