"""The adaptive limit and the retries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwright.errors import (
    EndpointBusy,
    EndpointDown,
    EndpointFault,
    ModelError,
    ReplyUnreadable,
    RequestRefused,
)
from turnwright.models import AdaptiveLimit, Permit, RetryPolicy, with_retries


class Sleeps:
    """A sleep that only notes how long it was asked to be."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


class Plan:
    """A call that fails with these errors, one after the other, and then answers."""

    def __init__(self, *errors: ModelError) -> None:
        self.errors, self.sent = list(errors), 0

    async def __call__(self) -> str:
        self.sent += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


async def sent(plan: Plan, policy: RetryPolicy | None = None, seed: int = 1) -> tuple[str | ModelError, Sleeps]:
    sleeps, limit = Sleeps(), AdaptiveLimit(4, 8)
    try:
        answer: str | ModelError = await with_retries(
            plan, policy or RetryPolicy(), limit, rng=random.Random(seed), sleep=sleeps
        )
    except ModelError as error:
        answer = error
    assert limit.in_flight == 0
    return answer, sleeps


async def test_never_more_calls_are_under_way_than_allowed() -> None:
    limit, most, now = AdaptiveLimit(3, 3), 0, 0

    async def call() -> None:
        nonlocal most, now
        async with limit.permit() as permit:
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            limit.success(permit)

    await asyncio.gather(*(call() for _ in range(50)))
    assert (most, now, limit.in_flight) == (3, 0, 0)


async def test_calls_are_admitted_in_the_order_in_which_they_came() -> None:
    limit, order = AdaptiveLimit(1, 1), []

    async def call(number: int) -> None:
        async with limit.permit():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(call(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_cancelled_call_gives_its_place_to_the_next() -> None:
    limit = AdaptiveLimit(1, 1)
    first = await limit.acquire()
    waiting = [asyncio.ensure_future(limit.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    limit.release(first)
    waiting[1].cancel()  # its turn has come, but it has not woken up
    permit = await asyncio.wait_for(waiting[2], 5)
    assert limit.in_flight == 1
    limit.release(permit)
    assert limit.in_flight == 0


async def test_releasing_a_permit_twice_frees_one_place() -> None:
    limit = AdaptiveLimit(2, 2)
    first, _second = await limit.acquire(), await limit.acquire()
    limit.release(first)
    limit.release(first)
    assert limit.in_flight == 1


class Crowd:
    """More calls than any limit allows, answered in rounds."""

    def __init__(self, limit: AdaptiveLimit) -> None:
        self.limit = limit
        self.held: list[Permit] = []
        self.calls = [asyncio.ensure_future(self.call()) for _ in range(2000)]

    async def call(self) -> None:
        permit = await self.limit.acquire()
        self.held.append(permit)

    async def answered(self, outcome: Callable[[Permit], None]) -> int:
        await asyncio.sleep(0)
        under_way, self.held = self.held, []
        for permit in under_way:
            outcome(permit)
            self.limit.release(permit)
        await asyncio.sleep(0)
        return self.limit.allowed


async def test_the_limit_doubles_until_the_first_overload_and_then_grows_by_one_a_round() -> None:
    limit = AdaptiveLimit(4, 1000)
    crowd = Crowd(limit)
    assert [await crowd.answered(limit.success) for _ in range(4)] == [8, 16, 32, 64]
    assert await crowd.answered(limit.overload) == 32
    grown = [await crowd.answered(limit.success) for _ in range(5)]
    assert grown == pytest.approx([33, 34, 35, 36, 37], abs=1)
    for call in crowd.calls:
        call.cancel()


async def test_one_burst_of_refusals_halves_the_limit_once() -> None:
    limit = AdaptiveLimit(32, 64)
    permits = [await limit.acquire() for _ in range(32)]
    for permit in permits:
        limit.overload(permit)
        limit.release(permit)
    assert limit.allowed == 16
    later = await limit.acquire()
    limit.overload(later)
    assert limit.allowed == 8


async def test_an_idle_limit_does_not_grow() -> None:
    limit = AdaptiveLimit(8, 64)
    for _ in range(100):
        async with limit.permit() as permit:
            limit.success(permit)
    assert limit.allowed == 8


@given(st.integers(1, 50), st.integers(0, 50), st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_between_one_and_its_ceiling(start: int, more: int, outcomes: list[bool]) -> None:
    async def play() -> None:
        limit = AdaptiveLimit(start, start + more)
        for good in outcomes:
            held = [await limit.acquire() for _ in range(limit.allowed)]
            (limit.success if good else limit.overload)(held[0])
            for permit in held:
                limit.release(permit)
            assert 1 <= limit.allowed <= start + more
            assert limit.in_flight == 0

    asyncio.run(play())


@pytest.mark.parametrize(("start", "ceiling"), [(0, 4), (5, 4)])
def test_a_limit_that_makes_no_sense_is_refused(start: int, ceiling: int) -> None:
    with pytest.raises(ValueError, match="1 <= start <= ceiling"):
        AdaptiveLimit(start, ceiling)


@pytest.mark.parametrize(
    "error",
    [EndpointBusy("b"), EndpointFault("f"), EndpointDown("d"), ReplyUnreadable("u")],
    ids=lambda error: type(error).__name__,
)
async def test_a_call_that_failed_for_a_while_is_sent_again(error: ModelError) -> None:
    plan = Plan(error, error)
    answer, sleeps = await sent(plan)
    assert (answer, plan.sent, len(sleeps.seconds)) == ("answer", 3, 2)


async def test_a_refused_request_is_never_sent_again() -> None:
    plan = Plan(RequestRefused("no"))
    answer, sleeps = await sent(plan)
    assert isinstance(answer, RequestRefused)
    assert (plan.sent, sleeps.seconds) == (1, [])


async def test_the_last_error_is_raised_when_the_attempts_are_used_up() -> None:
    plan = Plan(*(EndpointFault(str(number)) for number in range(10)))
    answer, _ = await sent(plan, RetryPolicy(attempts=4))
    assert plan.sent == 4
    assert str(answer) == "3"


async def test_a_wait_that_the_endpoint_asks_for_is_kept() -> None:
    _, sleeps = await sent(Plan(EndpointBusy("b", retry_after=7.0)))
    assert 7.0 <= sleeps.seconds[0] <= 8.0


async def test_a_wait_beyond_patience_gives_up_at_once() -> None:
    plan = Plan(EndpointBusy("b", retry_after=3600.0))
    answer, sleeps = await sent(plan)
    assert isinstance(answer, EndpointBusy)
    assert (plan.sent, sleeps.seconds) == (1, [])


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_waits_are_jittered_within_the_exponential_bound(times: int, seed: int) -> None:
    policy = RetryPolicy(attempts=100, cap=60.0)
    delay = policy.delay(EndpointBusy("b"), times, random.Random(seed))
    assert delay is not None
    assert 0.0 <= delay <= min(60.0, 2.0 ** (times - 1))


async def test_equal_seeds_wait_equally_and_others_do_not() -> None:
    def errors() -> Plan:
        return Plan(*(EndpointFault("f") for _ in range(4)))

    first, second, other = [(await sent(errors(), seed=seed))[1].seconds for seed in (1, 1, 2)]
    assert first == second != other


async def test_a_call_that_waits_to_be_sent_again_holds_no_permit() -> None:
    limit, held = AdaptiveLimit(1, 1), []

    async def sleep(seconds: float) -> None:
        held.append(limit.in_flight)

    await with_retries(Plan(EndpointFault("f")), RetryPolicy(), limit, rng=random.Random(1), sleep=sleep)
    assert held == [0]


@pytest.mark.parametrize(
    ("error", "allowed"),
    [(EndpointBusy("b"), 4), (EndpointFault("f"), 4), (EndpointDown("d"), 8), (ReplyUnreadable("u"), 8)],
    ids=lambda value: type(value).__name__,
)
async def test_only_an_overloaded_endpoint_lowers_the_limit(error: ModelError, allowed: int) -> None:
    limit = AdaptiveLimit(8, 8)
    await with_retries(Plan(error), RetryPolicy(), limit, rng=random.Random(1), sleep=Sleeps())
    assert limit.allowed == allowed


async def test_an_error_that_is_no_model_error_passes_through_and_frees_its_place() -> None:
    limit = AdaptiveLimit(1, 1)

    async def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await with_retries(broken, RetryPolicy(), limit, rng=random.Random(1))
    assert limit.in_flight == 0
