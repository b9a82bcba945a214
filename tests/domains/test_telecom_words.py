"""The words of the built-in domains: many, different, and with just the values that their steps mention."""

from __future__ import annotations

import pytest

from turnwright.domains import Domain, load_domain
from turnwright.domains.checking import placeholders

TELECOM = load_domain("telecom_support")
BOTH = [TELECOM, load_domain("starter")]


@pytest.mark.parametrize("domain", BOTH, ids=lambda domain: domain.name)
def test_phrasings_differ_and_name_only_what_their_steps_mention(domain: Domain) -> None:
    mentioned: dict[tuple[str, str], set[str]] = {}
    for flow in domain.spec.flows.values():
        for node in flow.nodes.values():
            if node.say:
                mentioned.setdefault(("assistant", node.say), set(node.mention)).intersection_update(node.mention)
    for role in ("user", "assistant"):
        for act, spec in getattr(domain.spec.acts, role).items():
            assert len({" ".join(text.lower().split()) for text in spec.phrasings}) == len(spec.phrasings), act
            about = act.split("_", 1)[-1] if role == "user" else ""
            known = mentioned.get((role, act), set()) | {"label", "value", about}
            for text in spec.phrasings:
                assert set(placeholders(text)) <= known, (act, text)


def test_phrasings_carry_every_value_that_their_step_mentions() -> None:
    for flow in TELECOM.spec.flows.values():
        for node in flow.nodes.values():
            for text in TELECOM.assistant_acts[node.say].phrasings if node.say else ():
                assert set(placeholders(text)) == set(node.mention), (node.say, text)
    for slot in TELECOM.spec.slots:
        for act in (f"inform_{slot}", f"volunteer_{slot}"):
            for text in TELECOM.spec.acts.user[act].phrasings if act in TELECOM.spec.acts.user else ():
                assert placeholders(text) == [slot], (act, text)


def test_every_act_has_many_phrasings() -> None:
    acts = TELECOM.spec.acts
    assert min(len(act.phrasings) for act in acts.user.values()) >= 8
    assert min(len(act.phrasings) for act in acts.assistant.values()) >= 6
    assert all(act.means for act in [*acts.user.values(), *acts.assistant.values()])
    for document in TELECOM.spec.documents:
        assert len(document.asks) >= 4
        assert len(document.answers) >= 3


def test_every_act_that_is_declared_is_used() -> None:
    nodes = [node for flow in TELECOM.spec.flows.values() for node in flow.nodes.values()]
    said = {node.say for node in nodes} | set(map(str, TELECOM.spec.behaviour.model_dump().values()))
    assert set(TELECOM.spec.acts.assistant) <= said
    chosen = {act for node in nodes for act in node.choose} | {i.opens_with for i in TELECOM.spec.intents.values()}
    general = {"greet", "inform", "volunteer", "forget", "refuse", "correct", "acknowledge", "unclear", "complain"}
    general |= {"thank", "no_more", "bye", "abandon"}
    slots = {f"{verb}_{slot}" for verb in ("inform", "volunteer") for slot in TELECOM.spec.slots}
    assert set(TELECOM.spec.acts.user) <= chosen | general | slots
