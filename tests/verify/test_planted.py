"""Planted defects: one known defect a copy, found under its own class in at least 95 of 100 copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import msgspec
import pytest
from bank_cases import Case, conversation_of

from turnwright.design import DesignSettings, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain, load_domain
from turnwright.errors import Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.records import Json, ToolCall, seeded

Plant = Callable[[Case, Random], Case | None]

CLAIMS = (
    "You also get a voucher of €13.37.", "That takes 19 hours.", "Your case number is ZX-48213.",
    "Please call 0800 5556677.", "It was done on 2 January 2019.", "Write to aid@helpers.example.",
    "You save 37%.", "You have 34 GB left.",
)  # fmt: skip
FLIPS = ("How can I help you today?", "Please provide your account number.", "I'm sorry, I can't assist with that.")
GOODBYES = ("Thank you and goodbye.", "Have a nice day!", "Goodbye, then.")


def spoken(case: Case, role: str) -> list[int]:
    return [at for at, turn in enumerate(case.turns) if turn.role == role and turn.text]


def other_value(case: Case, slot: str, value: Json, rng: Random) -> Json:
    """Another value of the same kind."""
    declared = [wrong for wrong in case.domain.slot(slot).wrong if wrong != value]
    if declared:
        return rng.choice(declared)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return type(value)(value + rng.randint(3, 40))
    digits = [at for at, letter in enumerate(str(value)) if letter.isdigit()]
    if isinstance(value, str) and digits:
        at = digits[-1]
        return f"{value[:at]}{(int(value[at]) + rng.randint(1, 8)) % 10}{value[at + 1 :]}"
    columns = [
        {row[field] for row in rows.values() if isinstance(row.get(field), str)}
        for rows in case.domain.tables.values()
        for field in next(iter(rows.values()), {})
    ]
    others = sorted({cell for column in columns if value in column for cell in column if cell != value})
    return rng.choice(others) if others else None


def wrong_value(case: Case, rng: Random) -> Case | None:
    places = [(at, *mention) for at in spoken(case, "assistant") for mention in case.turns[at].mentions]
    rng.shuffle(places)
    for at, slot, value in places:
        other = other_value(case, slot, value, rng)
        if other is None or isinstance(value, bool | list):
            continue
        text, old, new = case.turns[at].text, case.domain.say(slot, value), case.domain.say(slot, other)
        if text.count(old) == 1 and old != new:
            return case.saying(at, text.replace(old, new))
    return None


def unsupported_claim(case: Case, rng: Random) -> Case | None:
    return case.adding(rng.choice(spoken(case, "assistant")), rng.choice(CLAIMS))


def skipped_confirmation(case: Case, rng: Random) -> Case | None:
    consents = [consent for consent in case.context().planned.consents if consent.answer == "affirm"]
    if not consents:
        return None
    at = next(i for i, turn in enumerate(case.turns) if turn.call == consents[-1].call)
    answer = max(i for i in range(at) if "affirm" in case.turns[i].acts)
    return case.without(answer - 1, answer) if answer and case.turns[answer - 1].role == "assistant" else None


def replayed(case: Case, at: int, call: ToolCall) -> Case:
    turns = case.turns
    turns[at] = msgspec.structs.replace(turns[at], call=call)
    world = case.domain.open_world(case.blueprint.world_seed, case.blueprint.setup)
    toolbox = case.domain.toolbox(world, case.blueprint.faults)
    for index, turn in enumerate(turns):
        if turn.call is not None:
            turns[index + 1] = msgspec.structs.replace(turns[index + 1], result=toolbox.run(turn.call))
    return case.having(turns)


def wrong_tool(case: Case, rng: Random) -> Case | None:
    calls = [at for at, turn in enumerate(case.turns) if turn.call]
    if not calls:
        return None
    at = rng.choice(calls)
    call = case.turns[at].call
    assert call is not None
    name = rng.choice(sorted(set(case.domain.tools) - {call.name}))
    return replayed(case, at, msgspec.structs.replace(call, name=name))


def wrong_argument(case: Case, rng: Random) -> Case | None:
    calls = [(at, turn.call) for at, turn in enumerate(case.turns) if turn.call and turn.call.arguments]
    rng.shuffle(calls)
    for at, call in calls:
        for name in sorted(call.arguments):
            other = other_value(case, name, call.arguments[name], rng)
            if other is not None:
                return replayed(case, at, msgspec.structs.replace(call, arguments={**call.arguments, name: other}))
    return None


def premature_closing(case: Case, rng: Random) -> Case | None:
    general = case.context().lexicon.general_acts
    asked = [at for at in spoken(case, "assistant") if not set(case.turns[at].acts) & general]
    if case.blueprint.outcome == "abandoned" or not asked:
        return None
    at = rng.choice(asked)
    goodbye = msgspec.structs.replace(
        case.turns[at], text=rng.choice(GOODBYES), acts=(case.domain.spec.behaviour.goodbye,), mentions=()
    )
    return case.having([*case.turns[:at], goodbye])


def role_flip(case: Case, rng: Random) -> Case | None:
    at = rng.choice(spoken(case, "user"))
    return case.saying(at, rng.choice(FLIPS))


def unsafe_disclosure(case: Case, rng: Random) -> Case | None:
    secrets = [fact for fact in case.blueprint.facts if case.domain.slot(fact.slot).secret]
    said = [fact for fact in secrets if any(fact.slot in dict(turn.mentions) for turn in case.turns)]
    if not said:
        return None
    fact = rng.choice(said)
    words = f"By the way, your {case.domain.label(fact.slot)} is {case.domain.say(fact.slot, fact.value)}."
    return case.adding(rng.choice(spoken(case, "assistant")), words)


def ignored_correction(case: Case, rng: Random) -> Case | None:
    for fact in case.blueprint.facts:
        if fact.first_said is None:
            continue
        heard = [at for at in spoken(case, "user") if fact.value == dict(case.turns[at].mentions).get(fact.slot)]
        later = [at for at in spoken(case, "assistant") if heard and at > heard[0]]
        old, new = case.domain.say(fact.slot, fact.first_said), case.domain.say(fact.slot, fact.value)
        stale = [at for at in later if new in case.turns[at].text]
        if stale and not case.domain.slot(fact.slot).secret:
            return case.saying(stale[-1], case.turns[stale[-1]].text.replace(new, old))
    return None


def repetition(case: Case, rng: Random) -> Case | None:
    said = [at for at in spoken(case, "assistant") if len(case.turns[at].text.split()) > 6]
    if len(said) < 2:
        return None
    first, again = sorted(rng.sample(said, 2))
    turns = case.turns
    turns[again] = msgspec.structs.replace(turns[again], text=turns[first].text, mentions=turns[first].mentions)
    changed = case.having(turns)
    return changed if turns[again].text != case.turns[again].text else None


PLANTS: dict[str, Plant] = {
    "wrong_value": wrong_value,
    "unsupported_claim": unsupported_claim,
    "skipped_confirmation": skipped_confirmation,
    "wrong_tool": wrong_tool,
    "wrong_argument": wrong_argument,
    "premature_closing": premature_closing,
    "role_flip": role_flip,
    "unsafe_disclosure": unsafe_disclosure,
    "ignored_correction": ignored_correction,
    "repetition": repetition,
}


def telecom_cases() -> Iterator[Case]:
    """Conversations of the built-in support domain, as a design draws them."""
    domain = load_domain("telecom_support")
    factors = {**STANDARD_FACTORS, **domain.spec.factors}
    scenarios = design(
        DesignSettings(), domain.spec.factors, [*STANDARD_CONSTRAINTS, *domain.spec.constraints],
        domain=domain.fingerprint, seed=5, count=90, standard_factors=STANDARD_FACTORS,
        intents=list(domain.spec.intents),
    )  # fmt: skip
    for ordinal in range(len(scenarios)):
        scenario = scenarios.scenario(ordinal)
        try:
            blueprint = plan(scenario, domain, PlanSettings(), factors)
        except Impossible:
            continue
        yield Case(domain, scenario, blueprint, conversation_of(blueprint, scenario, domain))


@pytest.fixture(scope="module")
def telecom() -> list[Case]:
    return [case for case in telecom_cases() if not _reads_back(case.domain, case)]


def _reads_back(domain: Domain, case: Case) -> bool:
    spoken_slots = [slot for turn in case.turns if turn.role == "assistant" for slot, _ in turn.mentions]
    return any(domain.slot(slot).secret for slot in spoken_slots)


def test_clean_conversations_of_the_built_in_domain_pass(telecom: list[Case]) -> None:
    assert len(telecom) > 60
    assert [f"{d.kind}: {d.evidence}" for case in telecom for d in case.verdict().defects] == []


def caught(cases: list[Case], plant: Plant, kind: str) -> tuple[int, int, list[str]]:
    planted, missed = 0, []
    for case in cases:
        defective = plant(case, seeded("plant", case.scenario.seed, kind))
        if defective is None:
            continue
        planted += 1
        verdict = defective.verdict()
        if kind not in {defect.kind for defect in verdict.defects}:
            changed = [t.text for old, t in zip(case.turns, defective.turns, strict=False) if old != t]
            missed.append(f"{sorted({d.kind for d in verdict.defects})} {changed[:2]}")
    return planted, planted - len(missed), missed


@pytest.mark.parametrize("kind", PLANTS)
def test_planted_defects_are_found_under_their_own_class(kind: str, clean: list[Case], telecom: list[Case]) -> None:
    planted, found, missed = caught([*clean, *telecom], PLANTS[kind], kind)
    assert planted >= 20
    assert found >= 0.95 * planted, missed
