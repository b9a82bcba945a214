"""Acts are predicted by a labeller that says how right it is on conversations that it did not learn from."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from turnwright.errors import InputError
from turnwright.monitor.labelling import fit_labeller, label_set, learn_labels, load_labeller, save_labeller
from turnwright.monitor.labelling.held_out import Trial, folds_of, held_out_of
from turnwright.monitor.labelling.seen import places
from turnwright.reading import Called, Example, ExampleSet, Said, read_conversations

pytest.importorskip("sklearn", reason="needs the extra `measure`")
pytest.importorskip("wordllama", reason="needs the extra `measure`")
DATA = Path(__file__).parents[3] / "shared" / "data"
WORDS = {
    "greet": ("hello there", "good morning to you", "hi, welcome"),
    "ask_name": ("what is your name", "may I have your name please", "could you tell me your name"),
    "ask_pin": ("what is your pin", "please give me your pin", "and the pin is"),
    "bye": ("goodbye and thanks", "have a nice day, bye", "thank you, goodbye"),
}
ANSWERS = ("yes", "of course", "sure thing", "let me see")


def talk(number: int, *, labelled: bool = True, noise: float = 0.0) -> Example:
    """Four acts in their order, each followed by an answer and in the middle by a call."""
    chance = random.Random(number)
    turns: list[Said] = []
    for act, wordings in WORDS.items():
        meant = chance.choice(sorted(WORDS)) if chance.random() < noise else act
        text = f"{chance.choice(wordings)} {chance.choice(('now', 'then', 'again', 'today'))} {number % 7}"
        turns.append(Said(role="assistant", text=text, act=meant if labelled else ""))
        turns.append(Said(role="user", text=f"{chance.choice(ANSWERS)} {chance.randrange(100)}"))
    turns.insert(4, Said(role="assistant", call=Called(name="look_up", arguments={})))
    return Example(name=f"t/{number}", task="bank", turns=tuple(turns))


def people(count: int, start: int = 0, **more: float) -> list[Example]:
    return [talk(number, **more) for number in range(start, start + count)]  # type: ignore[arg-type]


def hidden(examples: list[Example]) -> list[Example]:
    return [
        msgspec.structs.replace(one, turns=tuple(msgspec.structs.replace(turn, act="") for turn in one.turns))
        for one in examples
    ]


@pytest.fixture(scope="module")
def labeller():  # type: ignore[no-untyped-def]
    return fit_labeller(people(60))


def test_unlabelled_turns_get_the_act_that_their_words_tell_and_the_set_says_that_it_was_predicted(labeller) -> None:  # type: ignore[no-untyped-def]
    truth = people(30, start=1000)
    made, labelled = label_set(labeller, ExampleSet(examples=tuple(hidden(truth)), notes=("old",)))
    assert made.examples == tuple(truth)
    assert (labelled.had, labelled.predicted, labelled.unsure) == (0, 120, 0)
    assert made.notes[0] == "old"
    assert made.notes[1].startswith("100.0% of the 120 acts of the assistant are predicted; right on held-out")
    assert f"n = {labeller.held_out.conversations}" in made.notes[1]


def test_labels_that_are_there_and_all_words_stay_as_they_are(labeller) -> None:  # type: ignore[no-untyped-def]
    given = people(5, start=2000, noise=1.0)
    made, labelled = labeller.label(given)
    assert list(made) == given
    assert (labelled.had, labelled.predicted) == (20, 0)


def test_a_call_without_words_gets_an_act_only_where_such_calls_had_one(labeller) -> None:  # type: ignore[no-untyped-def]
    assert not labeller.calls
    named = [
        msgspec.structs.replace(
            one, turns=tuple(msgspec.structs.replace(turn, act="query") if turn.call else turn for turn in one.turns)
        )
        for one in people(20)
    ]
    other = fit_labeller(named)
    assert other.calls
    assert list(other.label(hidden(named))[0]) == named


def test_what_is_not_certain_enough_is_left_without_a_label(labeller) -> None:  # type: ignore[no-untyped-def]
    given = hidden(people(10, start=5000))
    _, sure = labeller.predict([turn for turn in places(given, "assistant") if turn.words])
    least = float(np.median(sure))
    made, labelled = labeller.label(given, least_sure=least)
    assert 0 < labelled.predicted == int((sure >= least).sum()) < 40
    assert sum(bool(turn.act) for one in made for turn in one.turns) == labelled.predicted
    assert labelled.unsure == 40 - labelled.predicted


def test_labels_by_chance_are_known_to_be_no_better_than_chance() -> None:
    """What is learnt by heart must not count: with noise as labels, held-out accuracy is that of guessing."""
    held_out = fit_labeller(people(90, noise=1.0)).held_out
    assert held_out is not None
    assert held_out.accuracy < 0.4
    assert held_out.low < held_out.accuracy < held_out.high
    assert held_out.commonest > 0.2


def test_conversations_of_another_kind_or_language_are_remarked(labeller) -> None:  # type: ignore[no-untyped-def]
    words = "wie spät ist es denn jetzt", "das weiß ich leider nicht", "dann frage ich jemand anderen", "viel Glück"
    other = Example(name="de", task="t", turns=tuple(Said(role="assistant", text=text) for text in words))
    made, _ = label_set(labeller, ExampleSet(examples=(other,) * 5))
    assert any("less certain here" in note for note in made.notes)
    same, _ = label_set(labeller, ExampleSet(examples=tuple(hidden(people(5, start=3000)))))
    assert not any("less certain here" in note for note in same.notes)


def test_what_was_learnt_is_the_same_every_time_and_after_it_was_kept(labeller, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    again = fit_labeller(people(60))
    np.testing.assert_array_equal(again.coef, labeller.coef)
    assert again.held_out == labeller.held_out
    save_labeller(labeller, tmp_path / "kept")
    kept = load_labeller(tmp_path / "kept")
    given = hidden(people(10, start=4000))
    assert kept.label(given) == labeller.label(given)
    assert kept.held_out == labeller.held_out
    with pytest.raises(InputError, match="not overwritten"):
        save_labeller(labeller, tmp_path / "kept")


def test_a_labeller_that_is_damaged_or_missing_is_refused(labeller, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="cannot be read"):
        load_labeller(tmp_path)
    save_labeller(labeller, tmp_path)
    np.savez(tmp_path / "labeller.npz", coef=labeller.coef[:, 1:], intercept=labeller.intercept)
    with pytest.raises(InputError, match="do not fit together"):
        load_labeller(tmp_path)
    np.savez(tmp_path / "labeller.npz", coef=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        load_labeller(tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "0 conversations with fewer than two acts"),
        (hidden(people(9)), "fewer than two acts"),
        (people(1), "1 different labelled conversation"),
        (people(1) * 9, "1 different labelled conversation"),
    ],
    ids=["nothing", "no acts", "one", "copies of one"],
)
def test_too_little_to_learn_from_is_refused_in_one_line(given: list[Example], says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit_labeller(given)


def test_every_side_with_acts_is_learnt_and_what_became_of_each_is_counted() -> None:
    both = [
        msgspec.structs.replace(
            one,
            turns=tuple(
                msgspec.structs.replace(turn, act=turn.text.split()[0]) if turn.role == "user" else turn
                for turn in one.turns
            ),
        )
        for one in people(30)
    ]
    labelling = learn_labels(ExampleSet(examples=tuple(both)), least_sure=0.0)
    assert [one.side for one in labelling.labellers] == ["assistant", "user"]
    first, second = labelling.label(hidden(both[:10])), labelling.label(both[10:20])
    assert [*first, *second] == both[:20]
    assert [(one.had, one.predicted) for one in labelling.counts] == [(40, 40), (40, 40)]
    assert [one["labelled"]["predicted"] for one in labelling.told()] == [40, 40]
    assert len(labelling.notes()) == 2
    with pytest.raises(InputError, match="on either side"):
        learn_labels(ExampleSet(examples=tuple(hidden(both))))


def test_copies_of_a_conversation_are_in_one_part() -> None:
    examples = people(6)
    parts = folds_of([*examples, *examples], 3, seed=0)
    assert parts[:6] == parts[6:]
    assert sorted(parts[:6]) == [0, 0, 1, 1, 2, 2]


def test_figures_of_a_labeller_are_those_of_a_closed_form() -> None:
    def trial(number: int, act: str, said: str, sure: float, *, known: bool) -> Trial:
        return Trial(conversation=(0, number), act=act, said=said, sure=sure, known=known)

    trials = [
        trial(0, "a", "a", 0.95, known=True), trial(0, "a", "b", 0.6, known=False),
        trial(1, "b", "b", 0.8, known=False), trial(1, "c", "a", 0.4, known=True),
    ]  # fmt: skip
    made = held_out_of(trials, 3, 0)
    assert (made.accuracy, made.commonest, made.fresh, made.fresh_turns) == (0.5, 0.5, 0.5, 2)
    assert [(one.act, one.n, one.precision, one.recall) for one in made.acts] == [
        ("a", 2, 0.5, 0.5), ("b", 1, 0.5, 1.0), ("c", 1, 0.0, 0.0),
    ]  # fmt: skip
    assert made.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert [(one.share, one.accuracy) for one in made.coverage] == [
        (0.75, pytest.approx(2 / 3)), (0.5, 1.0), (0.25, 1.0),
    ]  # fmt: skip
    assert (made.low, made.high) == (0.5, 0.5)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the reference data in ../shared/data")
def test_what_is_said_of_a_labeller_holds_on_other_conversations_of_the_same_source() -> None:
    examples = list(read_conversations([DATA / "sgd_single.jsonl"]).examples)
    labeller = fit_labeller(examples[:120], side="user")
    assert labeller.held_out is not None
    truth = examples[120:240]
    made, labelled = labeller.label(
        [
            msgspec.structs.replace(
                one, turns=tuple(msgspec.structs.replace(turn, act="", acts=()) for turn in one.turns)
            )
            for one in truth
        ]
    )
    pairs = [
        (mine.act, its.act)
        for one, other in zip(made, truth, strict=True)
        for mine, its in zip(one.turns, other.turns, strict=True)
        if its.role == "user"
    ]
    right = sum(mine == its for mine, its in pairs) / len(pairs)
    assert labelled.predicted == len(pairs)
    assert right > labeller.held_out.low - 0.03
    assert right > 2 * labeller.held_out.commonest
