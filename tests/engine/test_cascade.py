"""The order of lenses and criteria is learned from what was concluded, and nothing else can change it."""

from __future__ import annotations

import asyncio

from turnwright.engine.cascade import Cascade, horizon
from turnwright.records import Council, LensCost, Round, Ruling, Usage, Verdict


def debated(*costs: tuple[str, int, int]) -> Council:
    """A council of one round: lens, tokens, upheld."""
    lenses = tuple(
        LensCost(lens=lens, usage=Usage(calls=1, prompt_tokens=tokens), raised=upheld, upheld=upheld)
        for lens, tokens, upheld in costs
    )
    return Council(draft_id="cv_1", final_id="cv_1", rounds=(Round(lenses=lenses),), ending="agreed")


def ruled(*found: str) -> Verdict:
    names = ("rude", "unanswered")
    rulings = tuple(Ruling(question=name, defect=name, found=name in found, how="vote") for name in names)
    return Verdict(conversation_id="cv_1", checks=(), rulings=rulings)


def test_the_horizon_lies_at_least_half_way_behind_and_never_ahead() -> None:
    for ordinal in range(5000):
        assert horizon(ordinal) <= ordinal // 2
        assert horizon(ordinal) in {0, *(1 << power for power in range(5, 13))}


async def test_the_lens_that_finds_most_for_its_money_speaks_first() -> None:
    cascade = Cascade(["facts", "realism"], ["rude", "unanswered"])
    for ordinal in range(32):
        cascade.learn(ordinal, [debated(("facts", 900, 0), ("realism", 900, ordinal % 2))], ruled("unanswered"))
    before, after = await cascade.order_for(63), await cascade.order_for(64)
    assert before is not None
    assert after is not None
    assert before.lenses == ("facts", "realism")
    assert after.lenses == ("realism", "facts")
    assert after.criteria == ("unanswered", "rude")


async def test_a_dear_lens_waits_behind_a_cheap_one_that_finds_as_much() -> None:
    cascade = Cascade(["dear", "cheap"], [])
    for ordinal in range(32):
        cascade.learn(ordinal, [debated(("dear", 5000, 1), ("cheap", 500, 1))], None)
    order = await cascade.order_for(100)
    assert order is not None
    assert order.lenses == ("cheap", "dear")


async def test_who_comes_too_early_waits_for_its_horizon_and_nobody_waits_for_a_closed_run() -> None:
    cascade = Cascade(["facts", "realism"], [])
    early = asyncio.create_task(cascade.order_for(64))
    for ordinal in range(31):
        cascade.learn(ordinal, [], None)
    await asyncio.sleep(0)
    assert not early.done()
    cascade.learn(31, [], None)
    assert await early is not None
    never = asyncio.create_task(cascade.order_for(5000))
    await asyncio.sleep(0)
    cascade.close()
    assert await never is None
    assert await cascade.order_for(64) is not None


async def test_what_is_learned_later_than_the_horizon_does_not_change_the_order() -> None:
    one, other = Cascade(["facts", "realism"], []), Cascade(["facts", "realism"], [])
    for cascade, after in ((one, 0), (other, 30)):
        for ordinal in range(32 + after):
            upheld = int(ordinal >= 32)
            cascade.learn(ordinal, [debated(("facts", 10, 0), ("realism", 10, upheld))], None)
    assert await one.order_for(64) == await other.order_for(64)


async def test_a_run_with_nothing_to_order_waits_for_nothing_wherever_it_goes_on() -> None:
    cascade = Cascade([], ["rude"])
    cascade.learn(70, [], None)
    order = await cascade.order_for(100)
    assert order is not None
    assert (order.lenses, order.criteria) == ((), ("rude",))
