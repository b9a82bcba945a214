"""How many calls an endpoint gets at once, and what happens to those that fail.

`AdaptiveLimit` finds the endpoint's own limit as TCP does: it grows while calls succeed and halves when the
endpoint is overloaded. `with_retries` sends one call until it succeeds or its error says that it cannot.
Neither counts money (`budget`) nor remembers replies (the journal).
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from turnwright.errors import EndpointBusy, EndpointDown, EndpointFault, ModelError, ReplyUnreadable

__all__ = ["AdaptiveLimit", "Permit", "RetryPolicy", "with_retries"]

T = TypeVar("T")


class AdaptiveLimit:
    """A first-come-first-served limit between 1 and `ceiling`.

    Additive increase: one more for every full round of successes; until the first overload one more for every
    success, so that a generous endpoint is found quickly. Multiplicative decrease: an overload halves the
    limit, once for all calls that were already under way, so that one burst of refusals does not collapse it.
    The limit grows only while it is what holds calls back.
    """

    def __init__(self, start: int, ceiling: int) -> None:
        if not 1 <= start <= ceiling:
            raise ValueError(f"a limit needs 1 <= start <= ceiling, not start={start}, ceiling={ceiling}")
        self._allowed = float(start)
        self._ceiling = ceiling
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halvings = 0

    @property
    def allowed(self) -> int:
        """How many calls may be under way now."""
        return int(self._allowed)

    @property
    def in_flight(self) -> int:
        """How many calls are under way now."""
        return self._in_flight

    async def acquire(self) -> Permit:
        """Wait for the turn of this call; give the permit back with `release`."""
        if self._waiting or self._in_flight >= self.allowed:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._leave(turn)
                raise
        else:
            self._in_flight += 1
        return Permit(self._halvings)

    def release(self, permit: Permit) -> None:
        """End a call; the first that waits takes its place. A second release of a permit does nothing."""
        if not permit.held:
            return
        permit.held = False
        self._in_flight -= 1
        self._admit()

    def success(self, permit: Permit) -> None:
        """The call was answered: allow a little more. Call it before `release`."""
        if self._waiting or self._in_flight >= self.allowed:
            step = 1.0 if not self._halvings else 1.0 / self._allowed
            self._allowed = min(float(self._ceiling), self._allowed + step)
            self._admit()

    def overload(self, permit: Permit) -> None:
        """The endpoint was busy or failed: halve, unless that was done after this call was sent."""
        if permit.sent_at == self._halvings:
            self._halvings += 1
            self._allowed = max(1.0, self._allowed / 2)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[Permit]:
        """Hold a permit for the length of a block."""
        permit = await self.acquire()
        try:
            yield permit
        finally:
            self.release(permit)

    def _admit(self) -> None:
        while self._waiting and self._in_flight < self.allowed:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)

    def _leave(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._in_flight -= 1
            self._admit()


class Permit:
    """The right to one call; remembers how many halvings there were when the call was sent."""

    __slots__ = ("held", "sent_at")

    def __init__(self, sent_at: int) -> None:
        self.sent_at = sent_at
        self.held = True


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Full-jitter exponential backoff (Brooker, "Exponential backoff and jitter", 2015), by error class.

    attempts: how many times a call is sent, the first included.
    cap: seconds that one wait does not pass, unless the endpoint asks for more.
    patience: seconds that an endpoint may ask for; asked to wait longer, the call gives up at once.
    """

    attempts: int = 6
    cap: float = 60.0
    patience: float = 300.0

    def delay(self, error: ModelError, sent: int, rng: random.Random) -> float | None:
        """Return the seconds to wait after the `sent`-th sending (from 1), None to give up."""
        base = next((seconds for kind, seconds in _BASES if isinstance(error, kind)), None)
        if base is None or sent >= self.attempts:
            return None
        jitter = rng.uniform(0.0, min(self.cap, base * 2.0 ** (sent - 1)))
        asked = error.retry_after if isinstance(error, EndpointBusy) else None
        if asked is None:
            return jitter
        return None if asked > self.patience else asked + jitter


_BASES: tuple[tuple[type[ModelError], float], ...] = (
    (EndpointBusy, 1.0),
    (EndpointFault, 0.5),
    (EndpointDown, 1.0),
    (ReplyUnreadable, 0.1),
)
"""Longest first wait in seconds; an error that is not here (RequestRefused) is never sent again."""


async def with_retries(
    call: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    limit: AdaptiveLimit,
    *,
    rng: random.Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Send a call within the limit until it is answered; a call that waits to be sent again holds no permit.

    Raises:
        ModelError: the last error, when the policy gives up.
    """
    sent = 0
    while True:
        sent += 1
        try:
            return await _sent_once(call, limit)
        except ModelError as error:
            delay = policy.delay(error, sent, rng)
            if delay is None:
                raise
        await sleep(delay)


async def _sent_once(call: Callable[[], Awaitable[T]], limit: AdaptiveLimit) -> T:
    async with limit.permit() as permit:
        try:
            answer = await call()
        except (EndpointBusy, EndpointFault):
            limit.overload(permit)
            raise
        limit.success(permit)
        return answer
