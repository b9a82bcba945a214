"""Values that were said before: what counts as a piece, what counts as said, and who is left out."""

from __future__ import annotations

import numpy as np
import pytest

from turnwright.monitor import LeftOut, Sample
from turnwright.monitor.measures.grounding import MONITORS, pieces
from turnwright.reading import Called, Example, Said

GROUNDED = MONITORS[0]


def talk(told: str) -> Example:
    call = Called(name="search", arguments={"city": "Oakland", "party": 4})
    return Example(
        name="one",
        task="t",
        turns=(
            Said(role="user", text="a table in oakland at 7:30"),
            Said(role="assistant", call=call),
            Said(
                role="tool", text='[{"name": "Bear Republic", "open": "17:30", "price": 1500.00, "day": "2019-03-01"}]'
            ),
            Said(role="assistant", text=told),
        ),
    )


def level(*told: str) -> tuple[float, float]:
    examples = tuple(talk(text) for text in told)
    size = len(examples)
    sample = Sample(examples=examples, reference=1, weights=np.ones(size, np.float32), few=np.arange(size))
    statistic = GROUNDED.prepare(sample)
    assert not isinstance(statistic, LeftOut)
    found = statistic.levels(*sample.sides)
    assert found is not None
    return found


def test_pieces_are_numbers_without_form_and_words_with_a_capital_inside_a_sentence() -> None:
    assert pieces("It costs $1,500.00. Bear Republic in Oakland, on March 01st?") == {
        "1500",
        "republic",
        "oakland",
        "1",
    }


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ("There is Bear Republic for 4.", 1.0),
        ("They open at 5:30 and it costs $1,500.", 1.0),
        ("It is on the 1st of March at 7:30.", 1.0),
        ("There is Wolf Republic.", 0.5),
        ("It costs 99 dollars.", 0.0),
    ],
)
def test_a_value_of_the_user_the_call_or_the_result_is_said_before_and_another_is_not(told: str, share: float) -> None:
    assert level("It is Oakland.", told) == (1.0, share)


def test_a_word_that_conversations_have_in_small_letters_is_no_name() -> None:
    shouted = "It is Oakland. Well, Please Wait for Bear Republic"
    assert level(shouted, shouted)[0] == 0.6
    assert level(shouted, "hm, please wait a bit for 4", "so please wait", "now please wait")[0] == 1.0


def test_what_only_the_assistant_said_before_is_no_ground() -> None:
    first, again = talk("There is Wolf House."), talk("There is Wolf House.")
    twice = Example(name="two", task="t", turns=(*first.turns, *again.turns[3:]))
    sample = Sample(examples=(first, twice), reference=1, weights=np.ones(2, np.float32), few=np.arange(2))
    statistic = GROUNDED.prepare(sample)
    assert not isinstance(statistic, LeftOut)
    assert statistic.levels(*sample.sides) == (0.0, 0.0)


def test_a_side_whose_assistant_names_nothing_is_left_out_with_the_reason() -> None:
    sample = Sample(
        examples=(talk("It is 4."), talk("hello")), reference=1, weights=np.ones(2, np.float32), few=np.arange(2)
    )
    assert GROUNDED.prepare(sample) == LeftOut("no assistant turn of the synthetic set has a number or a name")


def test_a_conversation_without_any_turn_is_counted_as_nothing() -> None:
    empty = Example(name="empty", task="t", turns=())
    sample = Sample(
        examples=(talk("It is 4."), empty, talk("It is 9.")),
        reference=2,
        weights=np.ones(3, np.float32),
        few=np.arange(3),
    )
    statistic = GROUNDED.prepare(sample)
    assert not isinstance(statistic, LeftOut)
    assert statistic.n == (1, 1)
