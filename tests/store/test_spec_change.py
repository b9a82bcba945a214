"""What differs between two specs, said by key."""

from __future__ import annotations

import pytest

from turnwright.store import spec_changes


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[1]: 2 → 3"]),
        ({"a": 1}, {"a": True}, ["a: 1 → true"]),
        ({"a": 1}, {"a": 1.0}, ["a: 1 → 1.0"]),
        ({"a": {"b": 1}}, {"a": {}}, ["a: (absent) → {}", "a.b: 1 → (absent)"]),
        ({"a": [1]}, {"a": None}, ["a: (absent) → null", "a[0]: 1 → (absent)"]),
        ({"a": "x" * 99}, {"a": "y"}, [f'a: "{"x" * 38}… → "y"']),
        (1, 2, [": 1 → 2"]),
    ],
)
def test_every_leaf_that_differs_is_named_once(old: object, new: object, changes: list[str]) -> None:
    assert spec_changes(old, new) == changes


def test_the_order_of_keys_is_no_difference_and_that_of_a_list_is() -> None:
    assert spec_changes({"a": 1, "b": 2}, {"b": 2, "a": 1}) == []
    assert len(spec_changes({"a": [1, 2]}, {"a": [2, 1]})) == 2


def test_keys_that_may_change_take_all_below_them_along_but_not_their_neighbours() -> None:
    old = {"models": {"user": {"parallel": 1, "name": "a"}, "teacher": {"parallel": 1}}, "report": {"x": [1]}}
    new = {"models": {"user": {"parallel": 2, "name": "b"}, "teacher": {"parallel": 3}}, "report": {"x": [2, 3]}}
    assert spec_changes(old, new, {"models.*.parallel", "report"}) == ['models.user.name: "a" → "b"']
    assert len(spec_changes(old, new, {"mod", "models.user.par"})) == 5
