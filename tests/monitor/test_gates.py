from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from turnwright.errors import InputError
from turnwright.monitor.gates import check_gates, judge
from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.monitor.statistic import LeftOut, Monitor, Sample
from turnwright.reading import Example, Said, read_examples

TURNS = 10


class Shares:
    """Rare turns of all turns, of the synthetic side over the reference's."""

    weighs = True

    def __init__(self, sample: Sample) -> None:
        self._rare = np.array([sum(turn.act == "rare" for turn in one.turns) for one in sample.examples], float)
        self.n = (sample.reference, len(sample.examples) - sample.reference)

    def values(self, real, other):
        shares = [side @ self._rare / side.sum(axis=1) / TURNS for side in (real, other)]
        return shares[1] / shares[0]

    def levels(self, real, other):
        return None

    def details(self, real, other):
        return ()


def nothing(sample: Sample) -> LeftOut:
    return LeftOut("no act is labelled")


class Silent(Shares):
    """Knows that it has no interval."""

    def interval(self, real, other, level):
        return None


def too_costly(sample: Sample) -> LeftOut:
    raise AssertionError("no gate names this monitor")


RETAINED = Monitor("tail_retention", "tails", "Tail", "What is left", Shares, same=1, worse="lower", scale="log")
MONITORS = (
    RETAINED,
    Monitor("unlabelled", "tails", "Nothing", "Nothing", nothing),
    Monitor("silent", "tails", "Silent", "Nothing", Silent, same=1, worse="lower"),
    Monitor("costly", "tails", "Costly", "Costly", too_costly),
)
SETTINGS = MonitorSettings()


def gate(when: str = "tail_retention >= 0.8", action: str = "stop") -> GateSettings:
    return GateSettings(when=when, action=action)


def conversations(count: int, share: float, seed: int) -> list[Example]:
    """Each of its turns is rare with this chance."""
    rare = np.random.default_rng(seed).random((count, TURNS)) < share
    return [
        Example(
            name=f"{seed}/{number}",
            task="t",
            turns=tuple(Said(role="assistant", text="x", act="rare" if one else "common") for one in row),
        )
        for number, row in enumerate(rare)
    ]


def states(gates: Sequence[GateSettings], shares: Sequence[float], *, size: int = 50, seed: int = 0):
    """Judge after every batch of these shares of rare turns, until something is due."""
    human, made = conversations(400, 0.1, seed + 900), []
    for look, share in enumerate(shares, start=1):
        batch = conversations(size, share, 1000 * seed + look)
        made += batch
        judged = judge(gates, human, made, SETTINGS, look=look, batch=batch, monitors=MONITORS, seed=seed)
        if judged.action:
            break
    return judged


def test_a_stream_that_is_as_the_reference_is_hardly_ever_breached_however_often_it_is_looked_at():
    at_the_bound = [states([gate("tail_retention >= 1.0")], [0.1] * 6, seed=seed).action for seed in range(40)]
    assert sum(one is not None for one in at_the_bound) <= 5  # 5 % of 40 is 2; more than 5 has a chance of 1 %
    within = [states([gate()], [0.1] * 6, seed=seed).action for seed in range(10)]
    assert not any(within)


def test_a_planted_loss_of_tails_is_breached_within_few_looks():
    judged = states([gate()], [0.04] * 6)
    assert judged.action == "stop"
    assert judged.look <= 3
    outcome = judged.outcomes[0]
    assert outcome.state == "breached"
    assert outcome.high < 0.8


def test_a_small_batch_without_a_single_rare_turn_breaches_nothing():
    human, few = conversations(400, 0.005, 1), conversations(12, 0.0, 2)
    judged = judge([gate()], human, few, SETTINGS, look=1, monitors=MONITORS)
    assert judged.outcomes[0].value == 0
    assert judged.outcomes[0].state == "open"


def test_a_figure_surely_within_the_bound_is_held():
    judged = states([gate("tail_retention >= 0.5")], [0.1] * 6, size=100)
    assert judged.outcomes[0].state == "held"
    assert judged.action is None


def test_an_unread_figure_never_breaches():
    judged = states([gate("unlabelled >= 99"), gate("unlabelled <= -99", "quarantine")], [0.1])
    assert [one.state for one in judged.outcomes] == ["unread", "unread"]
    assert [one.why for one in judged.outcomes] == ["no act is labelled"] * 2
    assert judged.action is None


def test_a_figure_without_an_interval_never_breaches_and_says_why():
    outcome = states([gate("silent >= 99")], [0.1]).outcomes[0]
    assert (outcome.state, outcome.why) == ("unread", "it has no interval here")
    assert outcome.value is not None


def test_fewer_than_ten_conversations_are_not_read():
    judged = judge([gate()], conversations(50, 0.1, 1), conversations(9, 0, 2), SETTINGS, look=1, monitors=MONITORS)
    assert judged.outcomes[0].state == "unread"
    assert "at least 10" in judged.outcomes[0].why
    assert judge([gate()], conversations(50, 0.1, 1), [], SETTINGS, look=1, monitors=MONITORS).action is None


def test_the_gravest_action_that_is_due_is_taken():
    both = [gate("tail_retention >= 0.9", "quarantine"), gate("tail_retention >= 0.8", "stop")]
    judged = states(both, [0.01] * 4)
    assert judged.action == "stop"
    assert [one.action for one in judged.due] == ["stop", "quarantine"]


def test_a_monitor_that_no_gate_names_is_not_computed():
    assert states([gate()], [0.1]).outcomes[0].monitor == "tail_retention"


def test_a_gate_on_an_unknown_monitor_is_refused_with_the_nearest_name_and_all_of_them():
    with pytest.raises(InputError) as refused:
        check_gates([gate("tail_retentoin >= 0.8")], MONITORS)
    assert "did you mean 'tail_retention'" in str(refused.value)
    assert "unlabelled" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_batch_that_is_surely_bad_by_itself_goes_into_quarantine_though_the_set_is_well():
    judged = states([gate(action="quarantine")], [0.1, 0.1, 0.1, 0.1, 0.1, 0.005], size=100)
    assert judged.look == 6
    assert judged.action == "quarantine"


def test_a_good_batch_is_not_taken_away_for_what_earlier_ones_did():
    human, bad, good = conversations(400, 0.1, 1), conversations(400, 0.03, 2), conversations(50, 0.12, 3)
    stops = judge([gate()], human, bad + good, SETTINGS, look=5, batch=good, monitors=MONITORS)
    keeps = judge([gate(action="quarantine")], human, bad + good, SETTINGS, look=5, batch=good, monitors=MONITORS)
    assert stops.action == "stop"
    assert keeps.action is None
    assert "not part of why" in keeps.outcomes[0].why


def test_a_leak_too_small_for_one_batch_is_found_in_the_set_and_its_batch_taken_away():
    human, leak = conversations(400, 0.1, 1), conversations(600, 0.055, 2)
    batch = leak[-30:]
    alone = judge([gate(action="quarantine")], human, batch, SETTINGS, look=20, monitors=MONITORS)
    judged = judge([gate(action="quarantine")], human, leak, SETTINGS, look=20, batch=batch, monitors=MONITORS)
    assert alone.action is None
    assert judged.action == "quarantine"
    assert "so is this batch" in judged.outcomes[0].why


def test_a_batch_is_judged_with_half_of_the_error_since_it_can_be_found_at_fault_in_two_ways():
    outcome = states([gate(action="quarantine")], [0.1]).outcomes[0]
    assert outcome.alpha == pytest.approx(SETTINGS.alpha / 2 / 2)


def test_the_same_sets_and_seed_give_the_same_judgement():
    assert states([gate()], [0.06] * 3, seed=3) == states([gate()], [0.06] * 3, seed=3)


def test_a_rebalance_says_which_cells_of_the_reference_are_missing():
    pytest.importorskip("scipy")
    human, made = conversations(300, 0.03, 1), conversations(200, 0.0, 2)
    judged = judge([gate(action="rebalance")], human, made, SETTINGS, look=1)
    assert judged.action == "rebalance"
    assert [(one.act, one.synthetic) for one in judged.missing] == [("rare", 0)]
    assert judge([gate()], human, made, SETTINGS, look=1).missing == ()


STAR = Path(__file__).parents[3] / "shared" / "data" / "star" / "train.jsonl"


@pytest.mark.skipif(not STAR.exists(), reason="the reference data is not beside the repository")
def test_human_conversations_pass_the_gates_that_their_own_rarest_acts_deleted_do_not():
    pytest.importorskip("scipy")
    people = list(read_examples(STAR))
    np.random.default_rng(3).shuffle(people)
    human, others = people[:500], people[500:]
    gates = [gate("tail_retention >= 0.8"), gate("rare_retention >= 0.7"), gate("act_mix <= 0.02", "quarantine")]
    for look in range(1, 5):
        batch = others[50 * (look - 1) : 50 * look]
        judged = judge(gates, human, others[: 50 * look], SETTINGS, look=look, batch=batch)
        assert judged.action is None
    rare = rarest(people)
    poor = [one for one in others if not {turn.act for turn in one.turns} & rare][:200]
    assert judge(gates, human, poor, SETTINGS, look=4, batch=poor[-50:]).action == "stop"


def rarest(people: Sequence[Example]) -> set[str]:
    """Acts under 1 % of all."""
    acts = Counter(turn.act for one in people for turn in one.turns if turn.act)
    return {act for act, count in acts.items() if count < 0.01 * acts.total()}
