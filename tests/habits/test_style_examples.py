"""People's texts as examples of style: masked, few, and never said again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from shop_people import people

from turnwright.domains import Domain, own_words
from turnwright.domains.reader import Reader
from turnwright.engine.seeding import PLAN_HABITS
from turnwright.habits import Subject, learn
from turnwright.habits.style import masked
from turnwright.models import Answer, Reply, Request
from turnwright.plan import PlanSettings, plan
from turnwright.records import Scenario, Usage, seeded
from turnwright.simulate import FillSettings
from turnwright.simulate.copies import SHOWN, Copies, style_of
from turnwright.simulate.fill import fill
from turnwright.simulate.lines import lines_of

Make = Callable[..., Scenario]
KNOWN = frozenset({"i", "my", "order", "is", "it", "call", "please", "me", "at", "hello"})
THEIRS = "honestly i just need my cash back before friday ok"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("my order is O-101", "my order is {order_id}"),
        ("it is  o-101,\nplease", "it is {order_id}, please"),
        ("call me at 555 1234", ""),
        ("it is ann@x.org", ""),
        ("Hello Jane", ""),
        ("Jane please", ""),
        ("my order is O-101 or O-202", ""),
        ("it is me, lopez", ""),
        ("{{ order }} please", ""),
    ],
)
def test_values_are_masked_and_texts_with_anything_else_private_are_left_out(text: str, shown: str) -> None:
    assert masked(text, {"O-101": "order_id", "Ana Lopez": "name"}, KNOWN) == shown


def test_style_examples_stand_under_the_act_that_their_place_tells(shop: Domain, shop_scenario: Make) -> None:
    told = people(shop, shop_scenario, 40, settings=PlanSettings(join=0, user_opens=0.5))
    priors = {name: getattr(PlanSettings(), name) for name in PLAN_HABITS}
    style = learn(told, [Subject(domain=shop)], priors).habits.domains["mini_shop"].style
    assert any("{order_id}" in text for text in style["inform"])
    assert "I need a refund for an order" in style["request_refund"]
    assert "O-10" not in str(style)


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        (THEIRS, True),
        ("Honestly, I just need my cash back!", True),
        ("well i just need my cash back before noon", True),
        ("i just need my cash please", False),
        ("not a chance mate", True),
        ("not a chance", False),
        ("I need a refund for an order", False),
    ],
)
def test_a_run_of_six_words_or_a_whole_text_of_four_is_a_copy(shop: Domain, text: str, caught: bool) -> None:
    style = {"request_refund": [THEIRS, "I need a refund for an order"], "deny": ["Not a chance, mate!"]}
    assert Copies(style, own_words(shop)).caught(text) is caught


def test_values_do_not_hide_a_copy(shop: Domain) -> None:
    copies = Copies({"inform": ["the number on my slip says {order_id}"]}, own_words(shop))
    assert copies.caught("well, the number on my slip says [order number]")


def test_at_most_three_texts_are_shown_and_only_with_values_that_the_line_says(
    shop: Domain, shop_scenario: Make
) -> None:
    blueprint = plan(shop_scenario(3), shop, PlanSettings())
    step = next(step for step in blueprint.steps if step.role == "user" and step.mentions)
    line = lines_of(shop, step)[-1]
    style = {line.acts[0]: [f"number {word} is {{order_id}}" for word in "abcdef"] + ["{email}", "no value at all"]}
    shown = style_of(line, style, seeded("x", 1))
    assert len(shown) == SHOWN
    assert all("[order number]" in text for text in shown)
    assert shown == style_of(line, style, seeded("x", 1))


class Parrot:
    """A speaker that says again what it was shown of people, and else what it was asked to say; notes the requests."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(
            reply=Reply(text=self.text, usage=Usage()), call_id=f"c{len(self.requests)}", model="parrot"
        )  # fmt: skip


async def test_a_parrot_is_asked_again_and_then_the_domains_own_words_are_taken(
    shop: Domain, shop_scenario: Make
) -> None:
    theirs = "I really need my whole refund for this order"
    style = {"request_refund": [theirs]}
    settings = FillSettings(tries=2, new_words=None, surprise=None, style=style)
    blueprint = plan(shop_scenario(3), shop, PlanSettings(user_opens=1))
    free = settings.model_copy(update={"style": {}})
    taken = {}
    for name, each in {"style": settings, "none": free}.items():
        parrot = Parrot(theirs)
        turns = await fill(
            blueprint, shop_scenario(3), shop, {"user": parrot, "teacher": parrot}, each, attempt=0, reader=Reader(shop)
        )
        taken[name] = (turns[0], parrot)
    assert taken["none"][0].text == theirs
    assert taken["style"][0].provenance.origin == "template"
    assert taken["style"][0].provenance.tries == 2
    assert taken["style"][0].text in set(own_words(shop))
    asked = taken["style"][1].requests[0].messages[0].content
    assert theirs in asked
    assert "People write like this" not in taken["none"][1].requests[0].messages[0].content
