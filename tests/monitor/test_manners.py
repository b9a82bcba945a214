"""The user-simulator gate: levels counted by hand, deviations told apart, and what it leaves out and says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from turnwright.monitor import LeftOut, Monitor, Sample, Statistic
from turnwright.monitor.measures.manners import MONITORS
from turnwright.monitor.measures.user_words import asks, details, deviation, fragment, odd_letters
from turnwright.monitor.measures.vocabulary import Vocabulary
from turnwright.reading import Called, Example, Said

BY_NAME = {monitor.name: monitor for monitor in MONITORS}
QUESTION = "Which day do you need the table?"


def talk(*texts: str, acts: Sequence[str] = (), call: dict[str, object] | None = None) -> Example:
    """A conversation in which the user says these texts, each after the same kind of question."""
    turns: list[Said] = []
    for place, text in enumerate(texts):
        question = f"{QUESTION} {'again ' * place}?"
        turns += [Said(role="assistant", text=question, act="ask")]
        turns += [Said(role="user", text=text, act=acts[place] if acts else "")]
    if call is not None:
        turns.append(Said(role="assistant", act="query", call=Called(name="book", arguments=call)))  # type: ignore[arg-type]
    return Example(name="talk", task="t", turns=tuple(turns))


def sample(reference: Sequence[Example], synthetic: Sequence[Example]) -> Sample:
    examples = (*reference, *synthetic)
    size = len(examples)
    return Sample(examples=examples, reference=len(reference), weights=np.ones(size, np.float32), few=np.arange(size))


def prepared(name: str, reference: Sequence[Example], synthetic: Sequence[Example]) -> tuple[Sample, Statistic]:
    pool = sample(reference, synthetic)
    statistic = BY_NAME[name].prepare(pool)
    assert not isinstance(statistic, LeftOut), statistic
    return pool, statistic


def levels(name: str, reference: Sequence[Example], synthetic: Sequence[Example]) -> tuple[float, float]:
    pool, statistic = prepared(name, reference, synthetic)
    found = statistic.levels(*pool.sides)
    assert found is not None
    assert float(statistic.values(*pool.sides)[0]) == pytest.approx(found[1] - found[0])
    return found


HUMAN = [talk("I want the table for friday", "dunno, what do you have?"), talk("for six of us, please do it on sunday")]
MACHINE = [
    talk("I want the table for friday", "it is for six of us"),
    talk("Hello, I need the table on sunday, thanks"),
]


def test_a_user_who_only_answers_is_told_from_one_who_asks_back() -> None:
    assert levels("user_cooperation", HUMAN, MACHINE) == pytest.approx((2 / 3, 1.0))
    assert levels("user_never_deviates", HUMAN, MACHINE) == pytest.approx((0.5, 1.0))


def test_the_deviations_explain_the_figure_by_their_shares() -> None:
    pool, statistic = prepared("user_cooperation", HUMAN, MACHINE)
    told = [(one.name, one.reference, one.synthetic) for one in statistic.details(*pool.sides)]
    assert told == [("asks back", pytest.approx(1 / 3), 0.0)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Friday would be fine", ""),
        ("Jane Doe", ""),
        ("and what does it cost", "asks back"),
        ("On friday. Is there parking?", "asks back"),
        ("I can't remember it, I am not home", "does not know"),
        ("Actually make it three", "corrects"),
        ("I'd rather not say", "refuses"),
    ],
)
def test_words_tell_an_answer_from_a_deviation(text: str, why: str) -> None:
    assert deviation(text) == why


def test_labels_tell_a_deviation_that_words_do_not_but_only_where_both_sides_have_labels() -> None:
    labelled = talk("it is for six of us", acts=["correct_party"])
    answer = talk("it is for six of us", acts=["inform"])
    unlabelled = talk("it is for six of us")
    assert levels("user_cooperation", [labelled], [answer]) == (0.0, 1.0)
    assert levels("user_cooperation", [labelled], [unlabelled]) == (1.0, 1.0)


def test_a_user_who_is_asked_the_same_again_did_not_answer() -> None:
    turns = [Said(role="assistant", text=QUESTION), Said(role="user", text="I want the nice one of you all")]
    again = Example(name="again", task="t", turns=(*turns, *turns[:1], Said(role="user", text="it is for friday")))
    assert levels("user_cooperation", [again], MACHINE)[0] == 0.5


def test_length_and_its_spread_are_what_a_hand_counts() -> None:
    a, b = [talk("one two three"), talk("one")], [talk("one two three four five six seven")]
    assert levels("user_verbosity", a, b) == (2.0, 7.0)
    spread = np.std([np.log2(4), np.log2(2)])
    assert levels("user_verbosity_spread", a, b) == pytest.approx((spread, 0.0), abs=1e-3)


def test_polite_words_and_hedges_are_counted_a_turn_and_shown() -> None:
    a = [talk("I want it on friday", "maybe on the sunday, I think")]
    b = [talk("Hello, I want it on friday please", "Thank you, please do")]
    assert levels("user_politeness", a, b) == (0.0, 2.0)
    assert levels("user_hedges", a, b) == (1.0, 0.0)
    pool, statistic = prepared("user_politeness", a, b)
    assert [one.name for one in statistic.details(*pool.sides)] == ["“please”", "“hello”", "“thank you”"]


def test_a_word_a_letter_off_a_shared_one_is_a_slip_and_its_endings_are_not() -> None:
    known = Vocabulary(["please book the restaurant", "the restaurant please book", "book the restaurant please"])
    assert [known.slip(word) for word in ("plese", "resturant", "restaruant", "restaurent")] == [True] * 4
    assert not any(known.slip(word) for word in ("restaurants", "booked", "booking", "please", "tractor", "teh"))


def test_odd_letters_show_without_any_vocabulary() -> None:
    assert odd_letters("sooo")
    assert odd_letters("teh")
    assert odd_letters("thnks")
    assert not odd_letters("book")


def test_a_typo_counts_on_its_side_and_a_name_in_small_letters_that_the_call_has_does_not() -> None:
    right = [talk("I want the big table on friday") for _ in range(3)]
    wrong = [talk("I wnat the big tabel on friday", call={"name": "tabel"})]
    reference, synthetic = levels("user_typos", wrong, right)
    assert (reference, synthetic) == (pytest.approx(1 / 5), 0.0)


def test_a_fragment_is_short_or_has_no_verb() -> None:
    assert fragment(["friday"])
    assert fragment(["the", "big", "table", "on", "friday"])
    assert not fragment(["i", "want", "the", "big", "table"])


def test_capitals_and_final_marks_are_shares_of_user_turns() -> None:
    a, b = [talk("I want it.", "on friday", "77 of the best")], [talk("It is for two!", "On friday.")]
    assert levels("user_capitals", a, b) == (0.5, 1.0)
    assert levels("user_final_marks", a, b) == pytest.approx((1 / 3, 1.0))


def test_details_are_numbers_names_and_values_each_piece_once() -> None:
    assert details("I need 2 tickets from New York City to Oakland at 7:30 pm.", ["new york city"]) == (2, 1, 1)
    assert details("Oakland. Thanks! I am here", []) == (0, 0, 0), "a word that opens a sentence tells nothing"
    assert details("the artist", ["art"]) == (0, 0, 0), "a value inside a word is no value"


def test_what_is_told_in_the_first_turn_is_a_figure_of_its_own() -> None:
    late = [talk("I want a table", "for 4 at 7:30", call={"guests": 4})]
    early = [talk("I want a table for 4 at 7:30", "yes do it", call={"guests": 4})]
    assert levels("user_details", late, early) == (1.0, 1.0)
    assert levels("user_details_first", late, early) == (0.0, 2.0)


def test_an_assistant_asks_with_a_mark_or_with_please_provide() -> None:
    assert asks("Your name?")
    assert asks("Please provide your rank.")
    assert not asks("It will rain on Tuesday. Thank you, please come again.")


def test_another_language_is_left_out_where_the_lexicon_is_needed_and_only_there() -> None:
    german = [talk("Ich brauche einen Tisch für morgen Abend", "Wir sind zu viert und kommen mit dem Hund")]
    why = BY_NAME["user_politeness"].prepare(sample(HUMAN, german))
    assert isinstance(why, LeftOut)
    assert "synthetic set seem not to be English: 0%" in why.why
    assert levels("user_verbosity", HUMAN, german)[1] == 8.0


def test_a_script_without_spaces_has_no_words_to_count_and_says_so() -> None:
    why = BY_NAME["user_verbosity"].prepare(sample(HUMAN, [talk("我想订一张桌子", "四个人")]))
    assert isinstance(why, LeftOut)
    assert "without spaces" in why.why
    capitals = BY_NAME["user_capitals"].prepare(sample(HUMAN, [talk("我想订一张桌子")]))
    assert isinstance(capitals, LeftOut)
    assert "without capitals" in capitals.why


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_a_side_without_user_turns_leaves_every_monitor_out_with_the_reason(monitor: Monitor) -> None:
    silent = Example(name="s", task="t", turns=(Said(role="assistant", text="Hello?"), Said(role="user", text=" ")))
    assert monitor.prepare(sample(HUMAN, [silent])) == LeftOut("the synthetic set has no user turn with words")


def test_no_question_means_no_figure_of_cooperation() -> None:
    told = Example(name="m", task="t", turns=(Said(role="user", text="I want to tell you that it is me"),))
    assert BY_NAME["user_cooperation"].prepare(sample([told], MACHINE)) == LeftOut(
        "the reference has no user turn after a question of the assistant"
    )


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_many_draws_at_once_give_what_one_at_a_time_gives_and_no_side_gives_nan(monitor: Monitor) -> None:
    pool = sample(HUMAN * 3, MACHINE * 3)
    statistic = monitor.prepare(pool)
    assert not isinstance(statistic, LeftOut)
    chosen = np.random.default_rng(1).integers(0, 3, size=(5, len(pool.examples))).astype(np.float32)
    real, other = chosen, np.roll(chosen, 1, axis=1)
    single = [statistic.values(real[i : i + 1], other[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(statistic.values(real, other), single, atol=1e-5)
    assert np.isnan(statistic.values(np.zeros_like(real), other)).all()


def test_a_weight_of_two_counts_as_the_conversation_twice() -> None:
    pool, statistic = prepared("user_verbosity", [talk("one"), talk("one two three")], [talk("one two")])
    twice = np.array([[1, 2, 0]], np.float32), np.array([[0, 0, 1]], np.float32)
    assert statistic.values(*twice)[0] == pytest.approx(2 - 7 / 3)
    assert statistic.n == (2, 1)
    assert statistic.weighs
    assert len(pool.examples) == 3
