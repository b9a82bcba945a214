"""What each planting promises to have done to a conversation, as a test of the copy against the original."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from exam_cases import Clean

from turnwright.records import Json, Turn, canonical
from turnwright.verify.exam.planting import Planted, wordings

Promise = Callable[[Clean, Planted], bool]


def changed(case: Clean, copy: Planted) -> list[int]:
    """Indices of the turns that differ; empty where turns were taken out."""
    old, new = case.conversation.turns, copy.conversation.turns
    return [at for at, turn in enumerate(new) if turn != old[at]] if len(old) == len(new) else []


def gone(case: Clean, copy: Planted) -> list[int] | None:
    """Indices of the turns that were taken out of the original; None where that is not all that was done to words."""
    old, new = case.conversation.turns, copy.conversation.turns
    out, at = [], 0
    for index, turn in enumerate(old):
        # a result may differ where its call was made in another world
        same = at < len(new) and (turn == new[at] or (turn.role == new[at].role == "tool" and at in copy.turns))
        at += same
        if not same:
            out.append(index)
    return out if at == len(new) and out else None


def reworded(case: Clean, copy: Planted, role: str) -> tuple[Turn, Turn] | None:
    """The one turn that differs, before and after, if it is this side's and only its words changed."""
    at = changed(case, copy)
    if len(at) != 1:
        return None
    old, new = case.conversation.turns[at[0]], copy.conversation.turns[at[0]]
    same = (old.role, old.acts, old.mentions, old.call) == (role, new.acts, new.mentions, new.call)
    return (old, new) if same and old.text != new.text else None


def exchanged(case: Clean, copy: Planted) -> tuple[str, Json, str] | None:
    """(slot, value, what stands in its place) where that is all that differs, in a turn of the assistant."""
    turns = reworded(case, copy, "assistant")
    if turns is None:
        return None
    old, new = turns
    for slot, value in old.mentions:
        surface = case.domain.say(slot, value)
        before, _, after = old.text.partition(surface)
        if new.text.startswith(before) and new.text.endswith(after) and len(new.text) > len(before) + len(after):
            inserted = new.text[len(before) : len(new.text) - len(after)]
            if surface in old.text and not case.original.says(slot, value, inserted):
                return slot, value, inserted
    return None


def names(case: Clean, slot: str, inserted: str) -> bool:
    return inserted in (case.domain.label(slot), f"the {case.domain.label(slot)}")


def corrected(case: Clean) -> dict[str, tuple[Json, Json]]:
    facts = (fact for fact in case.blueprint.facts if fact.shared == "corrected" and fact.first_said is not None)
    return {fact.slot: (fact.first_said, fact.value) for fact in facts}


def says(turns: Iterable[Turn], role: str, slot: str, value: Json, case: Clean) -> list[int]:
    original = case.original
    return [at for at, turn in enumerate(turns) if turn.role == role and original.says(slot, value, turn.text)]


def gains(case: Clean, copy: Planted, role: str, pool: Iterable[str]) -> bool:
    """Whether a turn of this side has a sentence of the pool more, and everything that it had."""
    turns = reworded(case, copy, role)
    if turns is None:
        return False
    kept = not Counter(re.findall(r"\w+", turns[0].text)) - Counter(re.findall(r"\w+", turns[1].text))
    return kept and any(words in turns[1].text and words not in turns[0].text for words in pool)


def digits(value: object) -> set[str]:
    return set(re.findall(r"\d+", canonical(value).decode()))


def is_true(case: Clean, turns: tuple[Turn, ...]) -> bool:
    """Whether every result is what its call gives."""
    return case.original.run_again(turns) == list(turns)


# --- the promises -------------------------------------------------------------------------------------------------


def wrong_value(case: Clean, copy: Planted) -> bool:
    found = exchanged(case, copy)
    if found is None or names(case, found[0], found[2]) or found[0] in corrected(case):
        return False
    said = [turn for turn in copy.conversation.turns if turn.role == "assistant" and found[:2] in turn.mentions]
    return len(said) == 1


def contradiction(case: Clean, copy: Planted) -> bool:
    found = exchanged(case, copy)
    if found is None or names(case, found[0], found[2]) or found[0] in corrected(case):
        return False
    slot, value, _ = found
    earlier = copy.conversation.turns[: changed(case, copy)[0]]
    return any((slot, value) in earlier[at].mentions for at in says(earlier, "assistant", slot, value, case))


def missing_value(case: Clean, copy: Planted) -> bool:
    found = exchanged(case, copy)
    return found is not None and names(case, found[0], found[2])


def unsupported_claim(case: Clean, copy: Planted) -> bool:
    turns = reworded(case, copy, "assistant")
    if turns is None or exchanged(case, copy) or ignored_correction(case, copy):
        return False
    known = digits([case.blueprint, case.conversation.turns]) | digits(case.domain.spec.policy)
    return bool(digits(turns[1].text) - known) and len(turns[1].text) > len(turns[0].text)


def ignored_correction(case: Clean, copy: Planted) -> bool:
    if reworded(case, copy, "assistant") is None:
        return False
    at = changed(case, copy)[0]
    for slot, (wrong, right) in corrected(case).items():
        before = case.conversation.turns[:at]
        heard = says(before, "user", slot, wrong, case) and says(before, "user", slot, right, case)
        new, old = copy.conversation.turns[at], case.conversation.turns[at]
        if heard and says([new], "assistant", slot, wrong, case) and not says([old], "assistant", slot, wrong, case):
            return True
    return False


def unsafe_disclosure(case: Clean, copy: Planted) -> bool:
    turns = reworded(case, copy, "assistant")
    secrets = [fact for fact in case.blueprint.facts if case.domain.slot(fact.slot).secret]
    said = [
        [fact for fact in secrets if says([turn], "assistant", fact.slot, fact.value, case)] for turn in turns or ()
    ]
    return bool(said) and not said[0] and bool(said[1])


def leak(case: Clean, copy: Planted) -> bool:
    assistant, user = reworded(case, copy, "assistant"), reworded(case, copy, "user")
    if assistant is not None:
        return any(
            tool in assistant[1].text and tool not in assistant[0].text for tool in case.domain.tools if "_" in tool
        )
    kept = [fact for fact in case.blueprint.facts if fact.shared in ("forgotten", "refused")]
    return user is not None and any(
        not says([user[0]], "user", fact.slot, fact.value, case)
        and says([user[1]], "user", fact.slot, fact.value, case)
        for fact in kept
    )


def _calls(case: Clean, copy: Planted) -> list[tuple[Turn, Turn]]:
    old, new = case.conversation.turns, copy.conversation.turns
    return [(old[at], new[at]) for at in changed(case, copy) if old[at].call is not None]


def wrong_tool(case: Clean, copy: Planted) -> bool:
    calls = [(old.call, new.call) for old, new in _calls(case, copy)]
    others = [one and other and one.name != other.name for one, other in calls]
    return others == [True] and is_true(case, copy.conversation.turns)


def wrong_argument(case: Clean, copy: Planted) -> bool:
    calls = [(old.call, new.call) for old, new in _calls(case, copy)]
    if len(calls) != 1 or calls[0][0] is None or calls[0][1] is None or calls[0][0].name != calls[0][1].name:
        return False
    one, other = calls[0][0].arguments, calls[0][1].arguments
    differ = [name for name in one if one[name] != other[name]]
    return one.keys() == other.keys() and len(differ) == 1 and is_true(case, copy.conversation.turns)


def wrong_tool_result(case: Clean, copy: Planted) -> bool:
    at = changed(case, copy)
    results = [copy.conversation.turns[index].result for index in at]
    return len(at) == 1 and results[0] is not None and not is_true(case, copy.conversation.turns)


def policy_breach(case: Clean, copy: Planted) -> bool:
    out = gone(case, copy)
    if out is None or len(out) != 2 or _consents(case) & set(out):
        return False
    return "policy_breach" in case.kinds(copy.conversation) and is_true(case, copy.conversation.turns)


def _consents(case: Clean) -> set[int]:
    """User turns that answer the question before a change."""
    return {at for at, turn in enumerate(case.conversation.turns) if turn.role == "user" and "affirm" in turn.acts}


def skipped_confirmation(case: Clean, copy: Planted) -> bool:
    out, turns = gone(case, copy), copy.conversation.turns
    if out is None or not _consents(case) & set(out) or len(copy.turns) != 1:
        return False
    at = copy.turns[0]
    call = turns[at].call
    if call is None or not case.domain.tools[call.name].writes:
        return False
    writes = [i for i, turn in enumerate(turns[:at]) if turn.call and case.domain.tools[turn.call.name].writes]
    since = turns[max(writes, default=-1) + 1 : at]
    return not any(turn.role == "user" and "affirm" in turn.acts for turn in since)


def premature_closing(case: Clean, copy: Planted) -> bool:
    old, new = case.conversation.turns, copy.conversation.turns
    at = len(new) - 1
    if at >= len(old) or new[:at] != old[:at] or new[at].role != "assistant" or new[at].text == old[at].text:
        return False
    own = case.domain.assistant_acts[case.domain.spec.behaviour.goodbye].phrasings
    return new[at].text in {*wordings.GOODBYES, *own} and any(turn.call is not None for turn in old[at:])


def repetition(case: Clean, copy: Planted) -> bool:
    turns = reworded(case, copy, "assistant")
    if turns is None:
        return False
    at = changed(case, copy)[0]
    if any(turn.role == "assistant" and turn.text == turns[1].text for turn in case.conversation.turns[:at]):
        return True
    sentences = Counter(re.split(r"(?<=[.!?])\s+", turns[1].text)) - Counter(re.split(r"(?<=[.!?])\s+", turns[0].text))
    return any(sentence in turns[0].text and len(sentence.split()) >= 6 for sentence in sentences)


def role_flip(case: Clean, copy: Planted) -> bool:
    for role, other, pool in (("user", "assistant", wordings.ASSISTANTS), ("assistant", "user", wordings.USERS)):
        turns = reworded(case, copy, role)
        if turns is not None:
            declared = {act: set(spec.phrasings) for act, spec in case.domain.acts(other).items()}
            foreign = {*pool, *set[str]().union(*declared.values())}
            own = {text for spec in case.domain.acts(role).values() for text in spec.phrasings}
            return turns[1].text in foreign - own
    return False


def unanswered(case: Clean, copy: Planted) -> bool:
    assistant = reworded(case, copy, "assistant")
    if assistant is not None:
        asked = case.conversation.turns[changed(case, copy)[0] - 1]
        return "ask" in asked.acts and assistant[1].text in wordings.DODGES
    return gains(case, copy, "user", wordings.QUESTIONS)


PROMISES: dict[str, Promise] = {
    "wrong_value": wrong_value,
    "contradiction": contradiction,
    "missing_value": missing_value,
    "unsupported_claim": unsupported_claim,
    "ignored_correction": ignored_correction,
    "unsafe_disclosure": unsafe_disclosure,
    "leak": leak,
    "wrong_tool": wrong_tool,
    "wrong_argument": wrong_argument,
    "wrong_tool_result": wrong_tool_result,
    "policy_breach": policy_breach,
    "skipped_confirmation": skipped_confirmation,
    "premature_closing": premature_closing,
    "repetition": repetition,
    "role_flip": role_flip,
    "unanswered": unanswered,
    "unnatural_user": lambda case, copy: gains(case, copy, "user", wordings.UNNATURAL),
    "false_promise": lambda case, copy: gains(case, copy, "assistant", wordings.PROMISES),
    "rudeness": lambda case, copy: gains(case, copy, "assistant", wordings.RUDE),
    "unfairness": lambda case, copy: gains(case, copy, "assistant", wordings.UNFAIR),
}
"""Defect class → what must hold of every copy with it, and of no copy with another."""
