"""How conversations run: what counts as a question, a repair, a refusal, as given up, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from turnwright.monitor import LeftOut, Sample, Statistic
from turnwright.monitor.measures.flow import ABANDON, MONITORS, REFUSAL, REPAIR
from turnwright.monitor.permuting import figure
from turnwright.monitor.sampling import sample_of
from turnwright.reading import Called, Example, Said

KNOWN = {one.name: one for one in MONITORS}


def talk(*lines: str, act: str = "", calls: int = 0, name: str = "") -> Example:
    """A conversation in which user and assistant take turns, the user first; `act` labels the assistant."""
    turns = [
        Said(role="assistant", text=text, act=act) if place % 2 else Said(role="user", text=text)
        for place, text in enumerate(lines)
    ]
    turns += [Said(role="assistant", call=Called(name="find")), Said(role="tool", text="{}")] * calls
    return Example(name=name, task="t", turns=tuple(turns))


def prepared(name: str, sample: Sample) -> Statistic:
    made = KNOWN[name].prepare(sample)
    assert not isinstance(made, LeftOut), made
    return made


def levels(name: str, human: list[Example], made: list[Example]) -> tuple[float, float]:
    sample = sample_of(human, made)
    found = prepared(name, sample).levels(*sample.sides)
    assert found is not None
    return found


def test_turns_and_calls_are_counted_without_tool_results() -> None:
    human, made = [talk("a", "b", "c")] * 10, [talk("a", "b", calls=2)] * 10
    assert levels("turns", human, made) == (3.0, 4.0)
    assert levels("calls", human, made) == (0.0, 2.0)


def test_the_spread_of_lengths_is_the_distance_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(1, 12, 40), rng.integers(3, 20, 50)
    human = [talk(*["x"] * size) for size in first]
    made = [talk(*["x"] * size) for size in second]
    sample = sample_of(human, made)
    assert figure(prepared("turn_spread", sample), sample) == pytest.approx(stats.ks_2samp(first, second).statistic)


def test_questions_are_counted_for_either_side_of_the_conversation() -> None:
    human = [talk("Where is it?", "Which one?", "the red one", "ok")] * 10
    made = [talk("It is gone.", "Which one?", "the red one", "Is it red?")] * 10
    assert levels("user_questions", human, made) == (0.5, 0.0)
    assert levels("assistant_questions", human, made) == (0.5, 1.0)


@pytest.mark.parametrize(
    "words", ["i can't help you with that", "i'm unable to do this", "i am sorry, i cannot authenticate you",
              "this is not allowed", "that is against our policy"]
)  # fmt: skip
def test_refusals_are_seen(words: str) -> None:
    assert REFUSAL.search(words)


@pytest.mark.parametrize("words", ["can you help me?", "i will book it", "what can i do for you?", "i can do that"])
def test_what_is_no_refusal_is_not_taken_for_one(words: str) -> None:
    assert not REFUSAL.search(words)


@pytest.mark.parametrize("words", ["sorry, i meant friday", "can you repeat that?", "i don't understand",
                                   "no, i said tomorrow", "that's not what i asked"])  # fmt: skip
def test_repairs_are_seen(words: str) -> None:
    assert REPAIR.search(words)


@pytest.mark.parametrize("words", ["i said hello to her", "the correct code is 12", "tomorrow please"])
def test_what_is_no_repair_is_not_taken_for_one(words: str) -> None:
    assert not REPAIR.search(words)


def test_a_conversation_is_abandoned_when_a_user_gives_up_or_is_left_without_an_answer() -> None:
    assert ABANDON.search("never mind, i'll call later")
    assert not ABANDON.search("thank you, that is all")
    left = talk("hello there", "what is it", "so is the table free?")
    done = talk("i would like to book it", "it is done", "thank you, that is all")
    assert levels("abandon_rate", [done] * 10, [left] * 5 + [done] * 5) == (0.0, 0.5)


def test_acts_tell_refusals_that_words_do_not() -> None:
    human = [talk("i need the code to get in", "no")] * 10
    made = [talk("i need the code to get in", "no", act="refuse_request")] * 10
    assert levels("refusal_rate", human, made) == (0.0, 1.0)


def test_another_language_is_left_out_of_the_lexicon_and_kept_for_the_rest() -> None:
    german = [talk("Ich möchte einen Tisch für zwei reservieren", "Gerne, um wie viel Uhr denn?")] * 10
    english = [talk("I would like to book a table for two", "Of course, what time?")] * 10
    left = KNOWN["refusal_rate"].prepare(sample_of(english, german))
    assert isinstance(left, LeftOut)
    assert "synthetic set does not look like English" in left.why
    assert levels("assistant_questions", english, german) == (1.0, 1.0)


def test_a_side_without_words_of_the_assistant_says_so() -> None:
    sample = sample_of([talk("hello")] * 10, [talk("hello", "hi")] * 10)
    assert KNOWN["assistant_questions"].prepare(sample) == LeftOut("the reference has no assistant turn with words")
