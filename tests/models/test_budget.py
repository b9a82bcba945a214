"""Caps: reserved before, settled after, never passed."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwright.errors import CapReached, SpecError
from turnwright.models import Budget, Caps, Message, Price, Request
from turnwright.models.budget import most_prompt_tokens
from turnwright.records import Usage

HELLO = Request(messages=(Message(role="user", content="hello"),), max_tokens=10)
MINI = Price.per_million(input="0.15", cached_input="0.075", output="0.60")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def used(prompt: int, completion: int, cached: int = 0) -> Usage:
    return Usage(calls=1, prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)


def test_prices_are_read_as_price_lists_print_them() -> None:
    assert Price(input=150_000, cached_input=75_000, output=600_000) == MINI
    assert Price.per_million(input=0.15, output=Decimal("0.6")).cached_input == 150_000
    assert Price.per_million(input=3).input == 3_000_000


@pytest.mark.parametrize("wrong", ["cheap", "-1", "0.0000001", "NaN", "Infinity", ""])
def test_a_price_that_cannot_be_exact_is_refused(wrong: str) -> None:
    with pytest.raises(SpecError, match="of input"):
        Price.per_million(input=wrong)


def test_money_is_exact_and_rounded_up_once_a_call() -> None:
    assert MINI.money(used(1_000_000, 0)) == 150_000
    assert MINI.money(used(1_000_000, 1_000_000, cached=400_000)) == 90_000 + 30_000 + 600_000
    assert MINI.money(used(1, 0)) == 1
    assert MINI.money(used(0, 0)) == 0


@pytest.mark.parametrize(
    ("caps", "name"),
    [
        (Caps(calls=1), "calls"),
        (Caps(tokens=2 * (most_prompt_tokens(HELLO) + 10) - 1), "tokens"),
        (Caps(money=MINI.money(used(most_prompt_tokens(HELLO), 10)) * 2 - 1), "money"),
    ],
    ids=["calls", "tokens", "money"],
)
def test_a_call_that_could_pass_a_cap_is_not_sent(caps: Caps, name: str) -> None:
    budget = Budget(caps, {"user": MINI})
    budget.reserve(HELLO, "user")
    with pytest.raises(CapReached, match=rf"{name}.*raise budget\.{name}"):
        budget.reserve(HELLO, "user")


def test_what_was_not_used_is_given_back() -> None:
    budget = Budget(Caps(tokens=most_prompt_tokens(HELLO) + 10 + 5), {"user": MINI})
    paid = budget.settle(budget.reserve(HELLO, "user"), used(3, 2))
    assert paid.money == MINI.money(used(3, 2)) > 0
    assert budget.spent == paid
    assert budget.reserved == Usage()
    budget.reserve(HELLO, "user")


def test_a_call_that_failed_costs_nothing() -> None:
    budget = Budget(Caps(calls=1))
    budget.release(budget.reserve(HELLO, "user"))
    assert budget.spent == Usage()
    budget.reserve(HELLO, "user")


def test_a_reservation_is_settled_once() -> None:
    budget = Budget(Caps())
    twin, reservation = budget.reserve(HELLO, "user"), budget.reserve(HELLO, "user")
    budget.settle(reservation, used(1, 1))
    with pytest.raises(ValueError, match="once"):
        budget.settle(reservation, used(1, 1))
    budget.settle(twin, used(1, 1))
    assert budget.spent.calls == 2


def test_what_was_spent_before_a_resume_counts() -> None:
    budget = Budget(Caps(calls=3), spent=Usage(calls=2, prompt_tokens=50))
    budget.settle(budget.reserve(HELLO, "user"), used(1, 1))
    with pytest.raises(CapReached):
        budget.reserve(HELLO, "user")


def test_the_time_of_earlier_sessions_counts() -> None:
    clock = Clock()
    budget = Budget(Caps(seconds=60), elapsed=50.0, clock=clock)
    budget.reserve(HELLO, "user")
    clock.now += 10
    assert budget.elapsed == 60.0
    with pytest.raises(CapReached, match="60 seconds"):
        budget.reserve(HELLO, "user")


def test_caps_hold_over_all_roles_together() -> None:
    budget = Budget(Caps(calls=2), {"user": MINI})
    budget.reserve(HELLO, "user")
    budget.reserve(HELLO, "teacher")
    with pytest.raises(CapReached):
        budget.reserve(HELLO, "arbiter")


def test_a_role_without_a_price_is_free() -> None:
    budget = Budget(Caps(money=0))
    assert budget.settle(budget.reserve(HELLO, "user"), used(5, 5)).money == 0


@given(st.text(), st.text())
def test_no_tokenizer_can_make_more_tokens_than_the_bound(system: str, said: str) -> None:
    request = Request(messages=(Message(role="system", content=system), Message(role="user", content=said)))
    assert most_prompt_tokens(request) >= len((system + said).encode("utf-8", "surrogatepass"))


@given(st.integers(0, 2**31), st.integers(1, 400), st.integers(1, 3000))
def test_no_cap_is_ever_passed_under_concurrency(seed: int, money: int, tokens: int) -> None:
    rng, caps = random.Random(seed), Caps(money=money, tokens=tokens, calls=12)
    budget, stopped = Budget(caps, {"user": MINI}), []

    async def call(number: int) -> None:
        await asyncio.sleep(0)
        try:
            reservation = budget.reserve(HELLO, "user")
        except CapReached:
            stopped.append(number)
            return
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
        if rng.random() < 0.2:
            budget.release(reservation)
        else:
            budget.settle(reservation, used(rng.randrange(reservation.most.prompt_tokens + 1), rng.randrange(11)))
        total = budget.spent + budget.reserved
        assert total.money <= money
        assert total.tokens <= tokens
        assert total.calls <= 12

    async def play() -> None:
        await asyncio.gather(*(call(number) for number in range(40)))

    asyncio.run(play())
    assert budget.reserved == Usage()
    assert budget.spent.calls + len(stopped) <= 40
