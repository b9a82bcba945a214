"""The mix: what each conversation counts, which share people have, and in which order students read it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from reading_cases import example, population
from turnwright.errors import InputError
from turnwright.reading import ExampleSet, Said, decisions
from turnwright.train import Mixture, fit_linear, mixed, shares
from turnwright.train.features import described

replace = msgspec.structs.replace


def levelled(*rows: tuple[float | None, dict[str, str]]) -> ExampleSet:
    """One conversation a row: its natural weight, its levels."""
    made = [
        replace(example(f"s/{n}", "ask_name", "goodbye"), natural=natural, levels=levels)
        for n, (natural, levels) in enumerate(rows)
    ]
    return ExampleSet(examples=tuple(made), sources=("s.jsonl",), specs=("spec",))


def people(count: int) -> ExampleSet:
    """Human conversations of which, as in most files, nobody says who wrote them."""
    made = [example(f"h/{n}", "ask_name", "query", "goodbye") for n in range(count)]
    bare = [replace(one, turns=tuple(replace(turn, origin="") for turn in one.turns)) for one in made]
    return ExampleSet(examples=tuple(bare), sources=("h.jsonl",))


def weights(mix: ExampleSet) -> list[float]:
    return [one.weight for one in mix.examples]


def test_a_mix_that_asks_for_nothing_counts_every_conversation_once() -> None:
    made = levelled((4.0, {}), (0.5, {}))
    assert mixed(made, None, Mixture()).examples == made.examples
    assert weights(mixed(made, people(3), Mixture(weights="stress"))) == [1.0] * 5


def test_the_share_of_people_is_the_one_that_was_asked_for_and_is_told() -> None:
    made = mixed(population(20), people(4), Mixture(human_share=0.3))
    told = shares(made)
    assert (told.conversations, told.human) == (24, 4)
    assert told.share == pytest.approx(0.3)
    assert told.heaviest == pytest.approx(20 * 0.3 / 0.7 / 4)
    assert told.effective < 24
    assert made.human_share[0] is not None
    assert made.human_share[0] > mixed(population(20), people(4), Mixture()).human_share[0]  # type: ignore[operator]


def test_a_human_conversation_can_count_as_often_as_one_says() -> None:
    made = mixed(levelled((3.0, {}), (1.0, {})), people(2), Mixture(weights="natural", human_weight=5))
    assert weights(made) == [1.5, 0.5, 5.0, 5.0]
    assert shares(made).share == pytest.approx(10 / 12)
    assert (made.sources, made.specs) == (("s.jsonl", "h.jsonl"), ("spec",))


def test_levels_count_more_or_less_and_the_mean_stays_one() -> None:
    rare, plain = {"detour": "repair"}, {"detour": "none"}
    made = mixed(levelled((1.0, rare), (1.0, plain), (1.0, {})), None, Mixture(levels={"detour": {"repair": 4.0}}))
    assert weights(made) == [2.0, 0.5, 0.5]


def test_easy_first_begins_with_the_straight_and_short_ones() -> None:
    one = levelled((1.0, {"detour": "repair"}), (1.0, {"detour": "none"}), (1.0, {"memory": "sure"}))
    longer = replace(one.examples[1], turns=one.examples[1].turns * 2, name="longer")
    unhappy = replace(one.examples[1], happy=False, name="unhappy")
    made = mixed(ExampleSet(examples=(longer, unhappy, *one.examples)), None, Mixture(order="easy_first"))
    assert [each.name for each in made.examples] == ["s/1", "s/2", "longer", "s/0", "unhappy"]


@pytest.mark.parametrize(
    ("mixture", "human", "says"),
    [
        (Mixture(human_share=0.3), 0, "no human conversations"),
        (Mixture(human_share=1.0), 3, "a human share of 1 is impossible"),
        (Mixture(human_share=-0.1), 3, "a human share of -0.1 is impossible"),
        (Mixture(human_share=float("nan")), 3, "a human share of nan is impossible"),
        (Mixture(human_share=0.3, human_weight=2), 3, "both given"),
        (Mixture(human_weight=0), 3, "a weight of 0 is impossible"),
        (Mixture(levels={"mood": {"calm": float("inf")}}), 3, "a weight of inf is impossible"),
        (Mixture(levels={"mood": {"furious": 2}}), 0, "no conversation has mood=furious"),
        (Mixture(levels={"weather": {"rain": 2}}), 0, "no conversation has weather=rain"),
        (Mixture(weights="natural"), 0, "1 of 2 conversations do not tell their natural weight"),
    ],
)
def test_what_cannot_be_mixed_is_refused_in_one_line(mixture: Mixture, human: int, says: str) -> None:
    made = levelled((1.0, {"mood": "calm"}), (None, {"mood": "angry"}))
    with pytest.raises(InputError, match=says) as caught:
        mixed(made, people(human) if human else None, mixture)
    assert "\n" not in str(caught.value)
    assert caught.value.fix


def test_a_human_set_in_which_a_model_wrote_is_refused() -> None:
    said = replace(people(1).examples[0], turns=(Said(role="user", text="hi", origin="model"),))
    with pytest.raises(InputError, match="words that people did not write"):
        mixed(population(3), ExampleSet(examples=(said,)), Mixture())


# --- what weights do to the linear student --------------------------------------------------------------------------


def test_weights_of_one_move_nothing_in_the_yardstick() -> None:
    """The same weights, to the last bit, as scikit-learn gives to who never heard of weights."""
    examples = population(40).examples
    points = decisions(examples)
    table = TfidfVectorizer(ngram_range=(1, 2), min_df=1, sublinear_tf=True).fit_transform(
        described("yardstick", points)
    )
    plain = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=15, random_state=0)
    plain.fit(table, [point.act for point in points])
    assert np.array_equal(fit_linear(examples).weights.coef, plain.coef_.astype(np.float32))


def test_a_conversation_of_more_weight_has_more_say() -> None:
    """Two ways to go on after the same words: the heavier one wins."""

    def one(name: str, act: str, weight: float) -> object:
        turns = (Said(role="user", text="hello there"), Said(role="assistant", act=act))
        return replace(example(name), turns=turns, weight=weight)

    for first, winner in ((9.0, "ask_name"), (0.2, "goodbye")):
        examples = [one("a", "ask_name", first), one("b", "goodbye", 1.0), one("c", "goodbye", 1.0)]
        student = fit_linear(examples)  # type: ignore[arg-type]
        chances = student.predict(decisions(examples)).chances[0]  # type: ignore[arg-type]
        assert student.acts[int(chances.argmax())] == winner


def test_a_weight_of_two_is_the_conversation_twice() -> None:
    examples = population(20).examples
    heavy = [replace(one, weight=2.0) if n < 5 else one for n, one in enumerate(examples)]
    twice = [one for n, each in enumerate(examples) for one in ([each, each] if n < 5 else [each])]
    a, b = fit_linear(heavy), fit_linear(twice)
    assert a.acts == b.acts
    points = decisions(population(30, seed=4).examples)
    same = a.predict(points).chances.argmax(axis=1) == b.predict(points).chances.argmax(axis=1)
    assert same.mean() > 0.9  # words that are in several conversations are told apart by their number, so nearly
