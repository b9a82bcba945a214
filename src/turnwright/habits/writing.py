"""Writing habits as YAML that explains itself: what each number means, and how far one conversation moves it.

Writes; reading and checking is `record.load_habits`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from turnwright.habits.learn import Learnt, Place
from turnwright.habits.manners import CLOSINGS, STEPS
from turnwright.habits.record import DomainHabits, Estimate

__all__ = ["as_yaml"]

HEAD = """\
# Habits: how people behaved in {n} human conversations. Made by `turnwright learn`; name this file as `habits:` in a
# factory.yaml, and plan and design draw from it. What the spec itself says goes before what stands here.
# Edit any `value`: it is all that is used. low…high: 95 % interval; n: conversations that could show it; the prior
# counts as {strength:g} conversations. "without one": the value's range when any one conversation is left out.
# Of a factor, n counts the conversations of every domain whose factor has the same levels: they are pooled.
"""


def as_yaml(learnt: Learnt) -> str:
    """The file's text."""
    return "\n".join(_lines(learnt)) + "\n"


def _lines(learnt: Learnt) -> Iterator[str]:
    habits = learnt.habits
    yield HEAD.format(n=habits.conversations, strength=habits.strength)
    yield f"version: {habits.version}"
    yield f"real: {habits.real}"
    yield f"conversations: {habits.conversations}"
    yield f"strength: {habits.strength:g}"
    yield "\n# For domains (below) that have no value of their own."
    yield "everywhere:"
    place: Place = ("everywhere",)
    yield from _section("plan", habits.everywhere.plan, learnt, place, "  ", CLOSINGS)
    yield from _section("steps", habits.everywhere.steps, learnt, place, "  ", STEPS)
    yield "\ndomains:"
    for name, domain in habits.domains.items():
        yield from _domain(name, domain, learnt)


def _domain(name: str, domain: DomainHabits, learnt: Learnt) -> Iterator[str]:
    place: Place = ("domains", name)
    yield f"  {_text(name)}:"
    yield f"    conversations: {domain.conversations}"
    yield from _section("plan", domain.plan, learnt, place, "    ", CLOSINGS)
    unknown = learnt.unknown.get(name, [])
    if domain.conversations and unknown:
        yield f"    # not told by acts, so left as declared: {', '.join(unknown)}"
    if domain.factors:
        yield "    factors:  # shares of the design's levels, told by the acts"
        for factor, levels in domain.factors.items():
            alike = learnt.alike.get(name, {}).get(factor)
            note = f"  # the acts do not tell apart {'; '.join(_shown(each) for each in alike)}" if alike else ""
            yield f"      {_text(factor)}:{note}"
            yield from _estimates(levels, learnt, (*place, "factors", factor), "        ", {})
    means = "slot → share of the users who told something unasked that told this"
    yield from _section("volunteered", domain.volunteered, learnt, place, "    ", {}, means)
    yield from _section("steps", domain.steps, learnt, place, "    ", {}, "asking acts; to see, nothing draws from it")
    if domain.names:
        yield "    names:  # act → what the data calls it, because its replies are the act's phrasings"
        for act, other in domain.names.items():
            yield f"      {_text(act)}: {{known_as: {_text(other.known_as)}, n: {other.n}}}"
    if domain.style:
        yield "    style:  # how people wrote, values masked; shown to the model that words user turns, never copied"
        for act, texts in domain.style.items():
            yield f"      {_text(act)}:"
            yield from (f"      - {json.dumps(text, ensure_ascii=False)}" for text in texts)


def _shown(group: str) -> str:
    return " = ".join(level or "(does not apply)" for level in group.split(" = "))


def _section(
    key: str,
    estimates: Mapping[str, Estimate],
    learnt: Learnt,
    place: Place,
    indent: str,
    meanings: Mapping[str, str],
    about: str = "",
) -> Iterator[str]:
    if estimates:
        yield f"{indent}{key}:{f'  # {about}' if about else ''}"
        yield from _estimates(estimates, learnt, (*place, key), indent + "  ", meanings)


def _estimates(
    estimates: Mapping[str, Estimate], learnt: Learnt, place: Place, indent: str, meanings: Mapping[str, str]
) -> Iterator[str]:
    for name, one in estimates.items():
        low, high = learnt.ranges[(*place, name)]
        means = f"{meanings[name]}; " if name in meanings else ""
        numbers = f"{{value: {one.value:g}, low: {one.low:g}, high: {one.high:g}, n: {one.n}}}"
        yield f"{indent}{_text(name)}: {numbers}  # {means}without one {low:.2f}…{high:.2f}"


def _text(text: str) -> str:
    """A double-quoted JSON string is YAML too; plain words stay plain."""
    plain = text.replace("_", "").replace(".", "").isalnum() and text[0].isalpha()
    return text if plain and text.isascii() and text not in ("null", "true", "false") else json.dumps(text)
