"""Defects of what is done: another tool, another argument, another result, a call that a rule asks for left out.

The tools run again, so that every result is true to the call before it and only the deed is wrong. What is said
afterwards stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from turnwright.domains.tools import Tool
from turnwright.records import Json, ToolCall, Turn, canonical
from turnwright.verify.exam.planting.original import Edit, Original

__all__ = ["policy_breach", "wrong_argument", "wrong_tool", "wrong_tool_result"]

_SAID = re.compile(r"\bsaid\('([^']+)'\)")


def wrong_tool(original: Original, rng: Random) -> Edit | None:
    """One call goes to another tool, with arguments that this tool takes; its result and all later ones are true."""
    edits: list[tuple[tuple[int, int], Edit]] = []
    calls = original.calls()
    for at in [at for at in calls if _matters(original, at)] or calls:
        call = original.turns[at].call
        for tool in original.domain.tools.values():
            if call is None or tool.name == call.name or (tool.writes and not original.domain.tools[call.name].writes):
                # a change in the place of a look-up would also be a change that nobody agreed to
                continue
            arguments = _taken_by(tool, original, at, rng)
            if arguments is None:
                continue
            other = msgspec.structs.replace(call, name=tool.name, arguments=arguments)
            edits += _done(original, at, other, f"{tool.name} is called instead of {call.name}")
    return _plainest(edits, rng)


def wrong_argument(original: Original, rng: Random) -> Edit | None:
    """One argument of one call has another plausible value; its result and all later ones are true."""
    edits: list[tuple[tuple[int, int], Edit]] = []
    for at in original.calls():
        call = original.turns[at].call
        for name, value in call.arguments.items() if call else ():
            if call is None or not _traceable(original, at, name):
                continue
            for other in _instead(original, call, name, value, rng)[:2]:
                changed = msgspec.structs.replace(call, arguments={**call.arguments, name: other})
                edits += _done(original, at, changed, f"{call.name} is called with {name} {other!r}, not {value!r}")
    return _plainest(edits, rng)


def wrong_tool_result(original: Original, rng: Random) -> Edit | None:
    """One value in one recorded result is not what the tool gave; nothing later speaks of it."""
    places = [(at + 1, path, leaf) for at in original.calls() for path, leaf in _leaves(_content(original, at + 1))]
    rng.shuffle(places)
    for at, path, leaf in places:
        result = original.turns[at].result
        name = str(path[-1]) if path else ""
        if result is None or not name or _told_later(original, at, leaf):
            continue
        for other in original.others(name, leaf, rng)[:2]:
            content = _with(result.content, path, other)
            turns = list(original.turns)
            turns[at] = msgspec.structs.replace(turns[at], result=msgspec.structs.replace(result, content=content))
            if original.breaches(turns) == []:
                what = f"the result of {result.name} has {name} {other!r} instead of {leaf!r}"
                return Edit(turns, (at,), what)
    return None


def policy_breach(original: Original, rng: Random) -> Edit | None:
    """A call, or a question with its answer, that a rule asks for before a later call is left out."""
    edits: list[tuple[tuple[int, int], Edit]] = []
    for gone, what in _required(original):
        kept = [at for at in range(len(original.turns)) if at not in gone]
        turns = original.run_again([original.turns[at] for at in kept])
        breached = original.breaches(turns) if turns is not None else None
        if turns is None or not breached:
            continue
        changed = [new for new, old in enumerate(kept) if turns[new] is not original.turns[old]]
        edit = Edit(turns, tuple(sorted({*breached, *changed})), f"{what} is left out")
        edits.append(((_failures(turns), len(changed)), edit))
    return _plainest(edits, rng)


def _required(original: Original) -> Iterator[tuple[tuple[int, ...], str]]:
    """What may be left out: a call with its result; a question that a rule names with its answer, unless it is the
    user's agreement to a change."""
    for at in original.calls():
        call = original.turns[at].call
        if call is not None:
            yield (at, at + 1), f"the call of {call.name}"
    rules = [rule for rule in original.domain.spec.rules if rule.at == "call"]
    wanted = {act for rule in rules for act in _SAID.findall(rule.require)}
    consents = original.consents()
    for at, (turn, after) in enumerate(zip(original.turns, original.turns[1:], strict=False)):
        if turn.role == "assistant" and after.role == "user" and wanted & set(turn.acts) and at + 1 not in consents:
            yield (at, at + 1), f"the question '{'+'.join(turn.acts)}' with its answer"


def _matters(original: Original, at: int) -> bool:
    """Whether a call changes the world, or finds what is said or used later and was not known before.

    A call that does neither could be any other without a reader's noticing.
    """
    call = original.turns[at].call
    if call is not None and original.domain.tools[call.name].writes:
        return True
    before = [canonical(value) for value in _known(original, at).values()]
    found = [leaf for _, leaf in _leaves(_content(original, at + 1)) if canonical(leaf) not in before]
    return any(_used_later(original, at + 1, leaf) for leaf in found)


def _traceable(original: Original, at: int, name: str) -> bool:
    """Whether a reader can tell what this argument should be: its value was said or found, or is a declared choice."""
    call = original.turns[at].call
    if call is None:
        return False
    value = call.arguments[name]
    schema = original.domain.tools[call.name].spec.parameters.get("properties", {}).get(name, {})
    if "enum" in schema or any(canonical(value) == canonical(known) for known in _known(original, at).values()):
        return True
    return any(str(value) in turn.text for turn in original.turns[:at])


# --- one deed changed ---------------------------------------------------------------------------------------------


def _done(original: Original, at: int, call: ToolCall, what: str) -> list[tuple[tuple[int, int], Edit]]:
    """The copy in which this call is made; none where it is a later call anyway, or breaks a rule as well."""
    later = [turn.call for turn in original.turns[at:] if turn.call is not None]
    if any((call.name, call.arguments) == (other.name, other.arguments) for other in later):
        return []
    turns = list(original.turns)
    turns[at] = msgspec.structs.replace(turns[at], call=call)
    result = turns[at + 1].result
    if result is not None:
        turns[at + 1] = msgspec.structs.replace(turns[at + 1], result=msgspec.structs.replace(result, name=call.name))
    again = original.run_again(turns)
    if again is None or original.breaches(again) != []:
        return []
    changed = [index for index, turn in enumerate(again) if turn is not original.turns[index]]
    broken = original.breaches(again, at_end=True)
    rank = (_failures(again) + (len(broken) if broken is not None else 1), len(changed))
    return [(rank, Edit(again, tuple(changed), what))]


def _plainest(edits: list[tuple[tuple[int, int], Edit]], rng: Random) -> Edit | None:
    """One of those with the fewest failures and changed turns beside the deed, so that nothing else draws the eye."""
    if not edits:
        return None
    best = min(rank for rank, _ in edits)
    return rng.choice([edit for rank, edit in edits if rank == best])


def _failures(turns: Sequence[Turn]) -> int:
    return sum(turn.result is not None and bool(turn.result.error) for turn in turns)


def _taken_by(tool: Tool, original: Original, at: int, rng: Random) -> dict[str, Json] | None:
    """Arguments for a tool out of what is known by name at this turn; None where one is missing."""
    call = original.turns[at].call
    given = dict(call.arguments) if call is not None else {}
    known = {**_known(original, at), **given}
    schema = tool.spec.parameters
    arguments: dict[str, Json] = {}
    for name, kind in schema.get("properties", {}).items():
        if name in known and (name in given or name in schema.get("required", ())):
            arguments[name] = known[name]
        elif name in schema.get("required", ()):
            choices = kind.get("enum") if isinstance(kind, dict) else None
            if not choices:
                return None
            arguments[name] = rng.choice(choices)
    return None if tool.complaint(arguments) else arguments


def _known(original: Original, at: int) -> dict[str, Json]:
    """Name → the latest value that calls, results and what the user said have given it before this turn."""
    known: dict[str, Json] = {}
    for turn in original.turns[:at]:
        if turn.role == "user":
            known.update(turn.mentions)
        elif turn.call is not None:
            known.update(turn.call.arguments)
        elif turn.result is not None:
            known.update({str(path[-1]): leaf for path, leaf in _leaves(turn.result.content) if path})
    return known


def _instead(original: Original, call: ToolCall, name: str, value: Json, rng: Random) -> list[Json]:
    """Other values that the tool's schema accepts; the choices that it declares come first."""
    tool = original.domain.tools[call.name]
    schema = tool.spec.parameters.get("properties", {}).get(name, {})
    first_said = [fact.first_said for fact in original.planned.corrections]
    declared = [choice for choice in schema.get("enum", ()) if choice != value and choice not in first_said]
    rng.shuffle(declared)
    others = declared or original.others(name, value, rng)
    return [other for other in others if not tool.complaint({**call.arguments, name: other})]


# --- inside results -----------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


def _content(original: Original, at: int) -> Json:
    result = original.turns[at].result
    return None if result is None or result.error else result.content


def _leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every plain value of a JSON value with the way to it."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, key))
    elif value is not None and not isinstance(value, bool):
        yield path, value


def _with(value: Json, path: Path, leaf: Json) -> Json:
    """The JSON value with another leaf at the end of this way."""
    if not path:
        return leaf
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], leaf)  # type: ignore[index]
    return copy


def _told_later(original: Original, at: int, leaf: Json) -> bool:
    return _used_later(original, at, leaf) or any(str(leaf) in turn.text for turn in original.turns[at + 1 :])


def _used_later(original: Original, at: int, leaf: Json) -> bool:
    """Whether a later turn mentions this value, or a later call takes it."""
    for turn in original.turns[at + 1 :]:
        if any(value == leaf for _, value in turn.mentions):
            return True
        if turn.call is not None and leaf in turn.call.arguments.values():
            return True
    return False
