"""What the power benchmark plants is what it says: each planting does one thing, to its share, and can be redone."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from turnwright.reading import Called, Example, Said

ROOT = Path(__file__).parents[2]
STAR = ROOT.parent / "shared" / "data" / "star" / "train.jsonl"
SGD = ROOT.parent / "shared" / "data" / "sgd_single.jsonl"


@pytest.fixture(scope="module")
def plantings() -> Iterator[ModuleType]:
    folder = str(ROOT / "benchmarks" / "monitors")
    sys.path.insert(0, folder)
    import plantings as module  # a script's module, found by its folder alone

    yield module
    sys.path.remove(folder)
    sys.modules.pop("plantings")


def talk(number: int) -> Example:
    city, time = f"city{number}", f"{number % 12 + 1}:30"
    found = f'{{"item": {{"place": "{city}", "opens": "{time}"}}}}'
    turns = [
        Said(role="user", text=f"I want to go to {city} number {number}.", act="inform"),
        Said(role="assistant", act="query", call=Called(name="find", arguments={"place": city})),
        Said(role="tool", text=found),
        Said(role="assistant", text=f"There is one in {city} at {time}.", act="offer"),
        Said(role="user", text="Great, I take it.", act="affirm"),
        Said(role="assistant", text="Goodbye.", act="bye" if number % 20 else "rare"),
    ]
    return Example(name=str(number), task="t", turns=tuple(turns))


@pytest.fixture(scope="module")
def corpus(plantings: ModuleType) -> Any:
    return plantings.Corpus("made up", tuple(map(talk, range(300))))


def words(examples: list[Example], role: str) -> list[str]:
    return [word for one in examples for turn in one.turns if turn.role == role for word in turn.text.split()]


def test_the_null_is_two_sides_of_different_real_conversations(plantings: ModuleType, corpus: Any) -> None:
    (reference, synthetic), _ = plantings.planted("null", corpus, 100, 1)
    assert len({one.name for one in (*reference, *synthetic)}) == 200
    assert all(one in corpus.examples for one in (*reference, *synthetic))


def test_every_planting_can_be_redone_and_differs_between_repetitions(plantings: ModuleType, corpus: Any) -> None:
    for name in plantings.PLANTINGS:
        assert plantings.planted(name, corpus, 50, 1) == plantings.planted(name, corpus, 50, 1)
        assert plantings.planted(name, corpus, 50, 1) != plantings.planted(name, corpus, 50, 2)


def test_the_reference_is_the_same_for_every_planting(plantings: ModuleType, corpus: Any) -> None:
    references = [plantings.planted(name, corpus, 50, 3)[0][0] for name in plantings.PLANTINGS]
    assert all(one == references[0] for one in references)


def test_a_tenth_is_copies_and_everything_else_stays(plantings: ModuleType, corpus: Any) -> None:
    (_, synthetic), _ = plantings.planted("duplicated_10", corpus, 100, 1)
    counted = Counter(one.name for one in synthetic)
    assert len(synthetic) == 100
    assert len(counted) == 90
    assert max(counted.values()) == 2


def test_a_fifth_of_the_turns_with_values_have_others_of_the_same_kind(plantings: ModuleType, corpus: Any) -> None:
    (_, before), _ = plantings.planted("null", corpus, 150, 1)
    (_, after), _ = plantings.planted("values_swapped_20", corpus, 150, 1)
    pairs = [(old.turns[3].text, new.turns[3].text) for old, new in zip(before, after, strict=True)]
    changed = [(old, new) for old, new in pairs if old != new]
    assert 0.1 < len(changed) / len(pairs) < 0.3
    for old, new in changed:
        city, time = new.removeprefix("There is one in ").removesuffix(".").split(" at ")
        assert city.startswith("city")
        assert time.endswith(":30")
        assert city not in old
    assert words(before, "user") == words(after, "user")


def test_user_turns_grow_by_half_and_keep_their_own_words_in_order(plantings: ModuleType, corpus: Any) -> None:
    (_, before), _ = plantings.planted("null", corpus, 100, 1)
    (_, after), _ = plantings.planted("user_longer_15", corpus, 100, 1)
    assert len(words(after, "user")) / len(words(before, "user")) == pytest.approx(1.5, abs=0.03)
    assert words(before, "assistant") == words(after, "assistant")
    rest = iter(words(after, "user"))
    assert all(word in rest for word in words(before, "user"))


def test_three_user_turns_of_ten_get_a_polite_word_and_nothing_else_changes(plantings: ModuleType, corpus: Any) -> None:
    (_, before), _ = plantings.planted("null", corpus, 150, 1)
    (_, after), _ = plantings.planted("politeness_inflated", corpus, 150, 1)
    polite = [word for word in words(after, "user") if word.strip(",.!").lower() in ("please", "thank", "thanks")]
    assert len(polite) / 300 == pytest.approx(0.3, abs=0.08)
    assert words(before, "assistant") == words(after, "assistant")


def test_rare_cells_hold_at_most_a_tenth_and_who_shows_one_is_not_drawn(plantings: ModuleType, corpus: Any) -> None:
    assert corpus.rare_by_conversations == {("t", "assistant", "rare")}
    (reference, synthetic), how = plantings.planted("rarest_10_conversations_deleted", corpus, 100, 1)
    assert how == "conversations not drawn"
    assert any(turn.act == "rare" for one in reference for turn in one.turns)
    assert not any(turn.act == "rare" for one in synthetic for turn in one.turns)


def test_where_too_few_conversations_are_left_the_turns_themselves_go_with_their_results(plantings: ModuleType) -> None:
    everyone = [talk(number * 20) for number in range(60)]
    corpus = plantings.Corpus("all rare", tuple(everyone))
    rare = frozenset([("t", "assistant", "query")])
    made = plantings._without(everyone[0], rare)
    assert [turn.role for turn in made.turns] == ["user", "assistant", "user", "assistant"]
    (_, synthetic), how = plantings.planted("rarest_10_deleted", corpus, 20, 1)
    assert (how, len(synthetic)) == ("conversations not drawn", 20), "with one cell a turn none is under a tenth"


@pytest.mark.parametrize(("path", "name", "size"), [(STAR, "star", 400), (SGD, "sgd", 400)])
def test_on_real_data_a_tenth_means_a_tenth(plantings: ModuleType, path: Path, name: str, size: int) -> None:
    if not path.exists():
        pytest.skip(f"needs the reference data at {path.name} (../shared/data)")
    corpus = plantings.Corpus.read(name, path)
    turns = sum((one for one in corpus.cells), start=Counter())
    mass = sum(turns[cell] for cell in corpus.rare_by_turns) / turns.total()
    shown = sum(not corpus.rare_by_conversations.isdisjoint(one) for one in corpus.cells) / len(corpus.cells)
    assert 0.08 < mass <= 0.1
    assert 0.08 < shown <= 0.1
    for planting in ("rarest_10_deleted", "rarest_10_conversations_deleted"):
        (_, synthetic), _ = plantings.planted(planting, corpus, size, 1)
        rare = corpus.rare_by_turns if planting == "rarest_10_deleted" else corpus.rare_by_conversations
        assert len(synthetic) == size
        assert not any((one.task, turn.role, turn.act) in rare for one in synthetic for turn in one.turns)
