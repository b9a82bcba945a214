"""What differs between the spec that a run began with and the one it is asked to go on with.

It compares JSON; which keys may change without harm, the engine knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from turnwright.records import Json, canonical

__all__ = ["spec_changes"]

_ABSENT = object()
_VALUE_WIDTH = 40  # characters


def spec_changes(old: Json, new: Json, may_change: Collection[str] = ()) -> list[str]:
    """Return `key: old → new` for every leaf that differs, keys dotted and in order (`design.factors[2].name`).

    may_change: dotted keys to leave out with all that is below them; `*` stands for one name or place
    (`models.*.parallel`).
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    allowed = [tuple(key.split(".")) for key in may_change]
    return [
        f"{_dotted(path)}: {_shown(before.get(path, _ABSENT))} → {_shown(after.get(path, _ABSENT))}"
        for path in sorted(before.keys() | after.keys(), key=lambda path: [str(part).zfill(9) for part in path])
        if not _same(before.get(path, _ABSENT), after.get(path, _ABSENT)) and not _is_below(path, allowed)
    ]


_Path = tuple[str | int, ...]


def _leaves(value: Json, path: _Path = ()) -> Iterator[tuple[_Path, Json]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list) and value:
        for place, below in enumerate(value):
            yield from _leaves(below, (*path, place))
    else:
        yield path, value


def _same(before: object, after: object) -> bool:
    """Equal as JSON: `1` and `true` differ, which Python would not say."""
    return type(before) is type(after) and before == after


def _is_below(path: _Path, allowed: list[tuple[str, ...]]) -> bool:
    return any(
        len(key) <= len(path) and all(part in ("*", str(here)) for part, here in zip(key, path, strict=False))
        for key in allowed
    )


def _dotted(path: _Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "(absent)"
    text = canonical(value).decode()
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"
