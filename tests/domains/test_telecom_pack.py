"""The built-in domain: every intent in every situation can be planned, follows the policy, and has words for it.

Blueprints are made with the real planner. A rule is worth something only if a wrong call breaks it, so each rule is
also tried on traces that do what it forbids.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest

from turnwright.domains import STANDARD_FACTORS, Domain, compile_expression, load_domain
from turnwright.domains.declaration import RuleSpec
from turnwright.errors import Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Persona, Scenario, Step, ToolCall, ToolResult, derive_seed

TELECOM = load_domain("telecom_support")
FACTORS = TELECOM.spec.factors
BOTH = [TELECOM, load_domain("starter")]
RARE = [name for name, level in FACTORS["situation"].levels.items() if level.rare]
STANDARD = {factor: next(iter(made.levels)) for factor, made in STANDARD_FACTORS.items()}


def combinations() -> Iterator[dict[str, str]]:
    """All levels of the domain's own factors that its constraints allow."""
    for intent in FACTORS["intent"].levels:
        sized = intent in ("refund_request", "dispute_charge")
        for situation in FACTORS["situation"].levels:
            for segment in FACTORS["customer_segment"].levels:
                for channel in FACTORS["channel"].levels:
                    for size in FACTORS["amount_size"].levels if sized else [""]:
                        levels = {"intent": intent, "situation": situation, "customer_segment": segment}
                        levels |= {"channel": channel, **({"amount_size": size} if size else {})}
                        if allowed(TELECOM, levels):
                            yield levels


def allowed(domain: Domain, levels: dict[str, str]) -> bool:
    names = {**dict.fromkeys(domain.spec.factors), **STANDARD, **levels}
    return all(
        bool(compile_expression(rule.forbid or rule.require or "")(names)) != bool(rule.forbid)
        for rule in domain.spec.constraints
    )


def blueprint(domain: Domain, seed: int = 0, **levels: str) -> Blueprint:
    made = Scenario(
        ordinal=seed, domain=domain.fingerprint, levels=levels, persona=Persona(name="Ada"), seed=derive_seed(seed)
    )
    return plan(made, domain, PlanSettings())


@cache
def gold() -> tuple[tuple[dict[str, str], Blueprint], ...]:
    """One blueprint for every allowed combination."""
    return tuple((levels, blueprint(TELECOM, n, **levels)) for n, levels in enumerate(combinations()))


class Trace:
    """What a rule may ask about a conversation, up to some step."""

    def __init__(self, levels: dict[str, str]) -> None:
        self.levels = levels
        self.calls: list[str] = []
        self.done: set[str] = set()
        self.last: dict[str, Any] = {}
        self.acts: dict[str, set[str]] = {"user": set(), "assistant": set()}

    def add(self, step: Step) -> None:
        if step.call is not None:
            self.calls.append(step.call.name)
        elif step.result is not None:
            result = step.result
            self.last[result.name] = {"error": result.error} if result.error else result.content
            if not result.error and result.fault != "empty":
                self.done.add(result.name)
        else:
            self.acts[step.role].update(step.acts)

    def holds(self, rule: RuleSpec, call: ToolCall | None = None) -> bool:
        arguments = call.arguments if call else {}
        names = {"levels": self.levels, "last": self.last, "args": arguments}
        names["call"] = {"name": call.name, "arguments": arguments} if call else {}
        functions = {
            "called": lambda tool: tool in self.calls,
            "succeeded": lambda tool: tool in self.done,
            "said": lambda act: act in self.acts["assistant"],
            "heard": lambda act: act in self.acts["user"],
            "count": self.calls.count,
        }
        if not compile_expression(rule.when)(names, functions):
            return True
        return bool(compile_expression(rule.require)(names, functions))


def broken(domain: Domain, steps: Iterable[Step], levels: dict[str, str]) -> set[str]:
    """The names of the rules that this trace breaks."""
    trace, found = Trace(levels), set()
    for step in steps:
        for rule in domain.spec.rules if step.call else ():
            concerned = step.call.name in (rule.tools or [t.name for t in domain.tools.values() if t.writes])
            if rule.at == "call" and concerned and not trace.holds(rule, step.call):
                found.add(rule.name)
        trace.add(step)
    return found | {rule.name for rule in domain.spec.rules if rule.at == "end" and not trace.holds(rule)}


# --- size ---


def test_the_domain_is_as_large_as_it_promises() -> None:
    tools = TELECOM.tools.values()
    assert len(TELECOM.spec.intents) >= 10
    assert len(tools) >= 12
    assert sum(tool.writes for tool in tools) >= 6
    assert len(RARE) >= 8
    assert len(TELECOM.spec.rules) >= 8
    assert len(TELECOM.tables["customers"]) >= 30
    assert len(TELECOM.tables["lines"]) >= 45
    assert len(TELECOM.spec.documents) >= 8


def test_every_rare_level_has_a_quota_and_changes_the_world() -> None:
    for name in RARE:
        level = FACTORS["situation"].levels[name]
        assert level.quota >= 1
        assert level.set
        assert level.weight < 0.02
        assert level.says


# --- flows ---


def test_every_intent_can_be_planned_in_every_situation_that_is_allowed() -> None:
    met = Counter((levels["intent"], levels["situation"]) for levels, _ in gold())
    assert {intent for intent, _ in met} == set(TELECOM.spec.intents)
    assert {situation for _, situation in met} == set(FACTORS["situation"].levels)
    assert len(gold()) > 300


def test_gold_paths_break_no_rule() -> None:
    for levels, made in gold():
        assert broken(TELECOM, made.steps, levels) == set(), levels


def test_gold_paths_end_in_every_way() -> None:
    assert {made.outcome for _, made in gold()} >= {"resolved", "refused", "escalated"}


def test_no_rule_is_idle_on_gold_paths() -> None:
    called = {step.call.name for _, made in gold() for step in made.steps if step.call}
    said = {act for _, made in gold() for step in made.steps for act in step.acts}
    for rule in TELECOM.spec.rules:
        asked = [about for function, about in compile_expression(rule.when).calls if function == "said"]
        concerned = set(rule.tools) & called if rule.tools else set(asked) & said or rule.when == "true"
        assert concerned, rule.name


EXPECTED = {
    "chargeback_dispute": ("refused", "refuse_during_chargeback"),
    "already_refunded": ("refused", "refuse_refund_repeated"),
    "refund_window_passed": ("refused", "refuse_too_old"),
    "deceased_account_holder": ("escalated", "inform_bereavement_ticket"),
    "fraud_flag": ("escalated", "inform_fraud_ticket"),
    "recent_sim_swap": ("refused", "refuse_recent_sim_change"),
    "minor_on_account": ("resolved", "ask_guardian_consent"),
    "unpaid_balance": ("refused", "refuse_overdue"),
    "parcel_shipped": ("resolved", "offer_return"),
    "duplicate_charge": ("resolved", "confirm_duplicate_refund"),
}


@pytest.mark.parametrize(("situation", "outcome", "act"), [(name, *expected) for name, expected in EXPECTED.items()])
def test_a_rare_situation_shows_in_the_conversation(situation: str, outcome: str, act: str) -> None:
    concerned = [made for levels, made in gold() if levels["situation"] == situation]
    assert concerned
    for made in concerned:
        assert made.outcome == outcome
        assert any(act in step.acts for step in made.steps)


def test_the_other_rare_situations_change_the_path_of_some_intent() -> None:
    for situation in set(RARE) - set(EXPECTED):
        shapes = {True: set(), False: set()}
        intents = {levels["intent"] for levels, _ in gold() if levels["situation"] == situation}
        for levels, made in gold():
            if levels["intent"] in intents and levels["situation"] in (situation, "ordinary"):
                steps = tuple((step.acts, step.mentions and step.mentions[0][0]) for step in made.steps)
                shapes[levels["situation"] == situation].add((levels["intent"], made.outcome, steps))
        assert shapes[True] - shapes[False], situation


def test_a_vip_gets_back_what_others_must_have_reviewed() -> None:
    levels = {"intent": "refund_request", "customer_segment": "postpaid", "channel": "web", "amount_size": "large"}
    outcomes = {
        situation: {blueprint(TELECOM, seed, situation=situation, **levels).outcome for seed in range(8)}
        for situation in ("ordinary", "vip_contract")
    }
    assert outcomes == {"ordinary": {"escalated"}, "vip_contract": {"resolved"}}


def test_a_customer_who_forgot_the_account_number_is_found_by_phone_and_postcode() -> None:
    levels = {"intent": "refund_request", "situation": "ordinary", "customer_segment": "postpaid", "channel": "web"}
    made = [blueprint(TELECOM, n, **levels, amount_size="small", memory="forgets") for n in range(20)]
    by_phone = [one for one in made if any(s.call and "phone_number" in s.call.arguments for s in one.steps)]
    by_birth = [one for one in made if any(s.call and "birth_date" in s.call.arguments for s in one.steps)]
    assert by_phone and by_birth
    for one in by_phone + by_birth:
        assert one.outcome == "resolved"
        assert broken(TELECOM, one.steps, levels) == set()


def test_a_signed_in_customer_is_not_asked_for_the_account_number() -> None:
    for levels, made in gold():
        asked = any("ask_account_id" in step.acts for step in made.steps)
        assert not (asked and levels["channel"] == "app"), levels


def test_moods_detours_and_failing_tools_break_no_rule_and_seldom_fail_to_plan() -> None:
    failed, seen = Counter(), 0
    factors = {name: list(factor.levels) for name, factor in STANDARD_FACTORS.items()}
    for number, (levels, _) in enumerate(gold()):
        drawn = {name: choice[derive_seed(number, name) % len(choice)] for name, choice in factors.items()}
        everything = {**levels, **drawn}
        if not allowed(TELECOM, everything):
            continue
        seen += 1
        try:
            made = blueprint(TELECOM, number, **everything)
        except Impossible as fault:
            failed[fault.code] += 1
        else:
            assert broken(TELECOM, made.steps, everything) == set(), everything
    assert set(failed) <= {"no_place"}
    assert sum(failed.values()) < 0.2 * seen


def test_the_assistant_never_says_a_secret() -> None:
    secret = {name for name, slot in TELECOM.spec.slots.items() if slot.secret}
    assert secret == {"pin", "birth_date"}
    corrected = [
        blueprint(TELECOM, n, intent="change_plan", situation="ordinary", customer_segment="postpaid",
                  channel="app", memory="corrects")
        for n in range(12)
    ]  # fmt: skip
    for made in [*(one for _, one in gold()), *corrected]:
        for step in made.steps:
            if step.role == "assistant":
                assert not secret & {slot for slot, _ in step.mentions}


# --- rules that are broken by wrong calls ---


def wrong(steps: Iterable[Step], **changed: Any) -> list[Step]:
    """The same steps, with result fields of some tools changed: `get_invoice={"chargeback": True}`."""
    out = []
    for step in steps:
        result = step.result
        if result is not None and result.name in changed:
            content = {**result.content, **changed[result.name]}
            step = Step(role="tool", result=ToolResult(call_id=result.call_id, name=result.name, content=content))
        out.append(step)
    return out


def without(steps: Iterable[Step], *, act: str = "", tool: str = "") -> list[Step]:
    return [s for s in steps if act not in s.acts and tool not in (s.call.name if s.call else "-", *_tool(s))]


def _tool(step: Step) -> tuple[str, ...]:
    return (step.result.name,) if step.result else ()


def path_to(tool: str) -> list[Step]:
    """A gold path that calls this tool."""
    return next(list(made.steps) for _, made in gold() if any(s.call and s.call.name == tool for s in made.steps))


BREACHES = [
    ("details_after_verification", "get_invoice", {"tool": "verify_identity"}, {}),
    ("change_after_verification", "change_plan", {"tool": "verify_identity"}, {}),
    ("bereavement_team_only", "issue_refund", {}, {"find_customer": {"status": "deceased"}}),
    ("locked_account_untouched", "change_plan", {}, {"verify_identity": {"restricted": True}}),
    ("refund_within_policy", "issue_refund", {}, {"check_refund": {"limit": 0.5}}),
    ("refund_within_policy", "issue_refund", {"tool": "check_refund"}, {}),
    ("refund_of_the_checked_charge", "issue_refund", {}, {"explain_charge": {"charge_id": "CH-0"}}),
    ("chargeback_freezes", "issue_refund", {}, {"get_invoice": {"chargeback": True}}),
    ("within_90_days", "open_dispute", {}, {"get_invoice": {"age_days": 91}}),
    ("charge_settled_once", "open_dispute", {}, {"explain_charge": {"refund_status": "refunded"}}),
    ("refund_confirmed", "issue_refund", {"act": "affirm"}, {}),
    ("dispute_confirmed", "open_dispute", {"act": "confirm_dispute"}, {}),
    ("plan_change_confirmed", "change_plan", {"act": "confirm_plan_change"}, {}),
    ("suspension_confirmed", "suspend_line", {"act": "affirm"}, {}),
    ("reactivation_confirmed", "reactivate_line", {"act": "confirm_reactivation"}, {}),
    ("sim_order_confirmed", "order_sim", {"act": "confirm_sim_order"}, {}),
    ("cancellation_confirmed", "cancel_order", {"act": "affirm"}, {}),
    ("visit_confirmed", "book_visit", {"act": "affirm"}, {}),
    ("transfer_confirmed", "transfer_ownership", {"tool": "check_new_owner"}, {}),
    ("no_change_while_number_moves", "change_plan", {}, {"get_line": {"porting_out": True}}),
    ("no_change_with_unpaid_balance", "reactivate_line", {}, {"find_customer": {"overdue": 12.0}}),
    ("sim_rest_period", "order_sim", {}, {"get_line": {"sim_age_days": 1}}),
    ("stolen_line_needs_new_sim", "reactivate_line", {}, {"get_line": {"suspend_reason": "stolen"}}),
    ("guardian_consent", "change_plan", {}, {"get_line": {"user_is_minor": True}}),
    ("no_visit_during_outage", "book_visit", {}, {"check_outage": {"status": "full_outage"}}),
    ("no_visit_during_outage", "book_visit", {"tool": "check_outage"}, {}),
    ("shipped_order_stays", "cancel_order", {}, {"get_order": {"status": "shipped"}}),
    ("handover_has_a_ticket", "open_ticket", {"tool": "open_ticket"}, {}),
    ("refund_said_is_refund_made", "issue_refund", {"tool": "issue_refund"}, {}),
    ("change_said_is_change_made", "change_plan", {"tool": "change_plan"}, {}),
]


@pytest.mark.parametrize(("rule", "tool", "left_out", "changed"), BREACHES)
def test_a_wrong_course_breaks_its_rule(
    rule: str, tool: str, left_out: dict[str, str], changed: dict[str, Any]
) -> None:
    steps = wrong(path_to(tool), **changed)
    if left_out:
        steps = without(steps, act=left_out.get("act", "-"), tool=left_out.get("tool", "-none-"))
    assert rule in broken(TELECOM, steps, {})


def test_every_rule_is_tried_with_a_wrong_course() -> None:
    assert {rule for rule, *_ in BREACHES} == {rule.name for rule in TELECOM.spec.rules}


# --- tools and world ---


def test_reading_tools_change_nothing_and_writing_tools_change_something() -> None:
    for levels, made in gold():
        world = TELECOM.open_world(made.world_seed, made.setup)
        box = TELECOM.toolbox(world)
        for call in made.calls:
            before = world.hash()
            result = box.run(call)
            changes = TELECOM.tools[call.name].writes and not result.error
            assert (world.hash() != before) == changes, (levels, call)
        assert world.hash() == made.end_hash


def test_every_tool_is_called_on_some_gold_path_and_gives_a_small_result() -> None:
    results = [step.result for _, made in gold() for step in made.steps if step.result]
    plain = {"intent": "change_plan", "situation": "ordinary", "customer_segment": "postpaid", "channel": "app"}
    forgetful = [blueprint(TELECOM, n, **plain, memory="forgets") for n in range(30)]
    called = {result.name for result in results} | {call.name for one in forgetful for call in one.calls}
    assert called == set(TELECOM.tools)
    assert max(len(str(result.content)) for result in results) < 400


@pytest.mark.parametrize(
    ("name", "arguments", "refusal"),
    [
        ("issue_refund", {"account_id": "A", "charge_id": "C", "amount": 5.0}, "identity is not verified"),
        ("change_plan", {"account_id": "A", "number": "N", "plan_name": "Breeze 10"}, "identity is not verified"),
        ("verify_identity", {"account_id": "A", "pin": "0"}, "do not match"),
        ("verify_identity", {"account_id": "A"}, "give the PIN"),
        ("find_customer", {"phone_number": "1", "postcode": "2"}, "no account with this phone number"),
        ("find_customer", {}, "give the account number"),
        ("get_plan", {"name": "Storm 9000"}, "no plan"),
        ("suspend_line", {"account_id": "A", "number": "N", "reason": "bored"}, "invalid arguments"),
        ("issue_refund", {"account_id": "A", "charge_id": "C", "amount": -5}, "invalid arguments"),
    ],
)
def test_tools_refuse_what_the_policy_forbids(name: str, arguments: dict[str, Any], refusal: str) -> None:
    world = TELECOM.open_world(3)
    charge = next(row for row in world.find("charges") if row["kind"] != "plan" and row["amount"] < 50)
    line = world.find("lines", account_id=charge["account_id"], kind="mobile")[0]
    real = {"A": charge["account_id"], "C": charge["id"], "N": line["number"]}
    call = ToolCall(id="c", name=name, arguments={key: real.get(value, value) for key, value in arguments.items()})
    before = world.hash()
    assert refusal in TELECOM.toolbox(world).run(call).error
    assert world.hash() == before


def test_worlds_differ_between_seeds_and_repeat_for_one_seed() -> None:
    assert TELECOM.open_world(1).hash() == TELECOM.open_world(1).hash() != TELECOM.open_world(2).hash()


def test_rows_refer_to_rows_that_exist() -> None:
    tables = TELECOM.tables
    for table in ("lines", "invoices", "charges", "orders", "tickets"):
        assert {row["account_id"] for row in tables[table].values()} <= set(tables["customers"])
    assert {row["invoice_id"] for row in tables["charges"].values()} == set(tables["invoices"])
    assert {row["district"] for row in tables["visits"].values()} == set(tables["areas"])
    numbers = [row["number"] for row in tables["lines"].values()]
    assert len(numbers) == len(set(numbers))


def test_phone_numbers_are_of_ranges_reserved_for_fiction() -> None:
    for row in TELECOM.tables["customers"].values():
        assert re.fullmatch(r"01632 960\d{3}", str(row["phone"]))
    for row in TELECOM.tables["lines"].values():
        assert re.fullmatch(r"07700 900\d{3}|FB-\d{5}", str(row["number"]))


# --- both domains ---


@pytest.mark.parametrize("domain", BOTH, ids=lambda domain: domain.name)
def test_every_node_can_be_reached(domain: Domain) -> None:
    for name, flow in domain.spec.flows.items():
        seen, edge = set(), [flow.start]
        while edge:
            here = edge.pop()
            if here in seen:
                continue
            seen.add(here)
            node = flow.nodes[here]
            edge += [e.go for e in node.edges] + list(node.choose.values())
            edge += [target for target in (node.missing, node.on_error, node.on_empty) if target]
        own = set(flow.nodes) - {node for part in domain.spec.parts.values() for node in part}
        assert own <= seen, (name, own - seen)


def test_the_starter_is_small_declared_and_plans_in_every_situation() -> None:
    starter = BOTH[1]
    assert len(starter.spec.intents) == 2
    assert len(starter.tools) == 4
    assert all(tool.does for tool in starter.spec.tools)
    for intent in starter.spec.intents:
        for situation in starter.spec.factors["situation"].levels:
            levels = {"intent": intent, "situation": situation}
            if allowed(starter, levels):
                made = blueprint(starter, **levels)
                assert broken(starter, made.steps, levels) == set()
                assert (made.outcome == "resolved") == (situation == "ordinary")
