"""Caps on money, tokens, calls and time: reserved before a call is sent, so that none is ever passed.

All arithmetic is on integers: money in millionths of the price table's currency, prices in those millionths
per million tokens. A reservation is an upper bound; settling it gives back what was not used. What was spent
before a resume is given at the start. This module neither sends calls nor stores what was spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from turnwright.errors import CapReached, SpecError
from turnwright.models.client import Request
from turnwright.records import Usage

__all__ = ["Budget", "Caps", "Price", "Reservation", "most_prompt_tokens"]

_MILLION = 1_000_000
_TOKENS_A_MESSAGE = 16
_TOKENS_A_PROMPT = 64


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs, in millionths of a currency unit per million tokens."""

    input: int = 0
    cached_input: int = 0
    output: int = 0

    @classmethod
    def per_million(
        cls,
        *,
        input: str | float | Decimal = 0,  # noqa: A002 - the word of every price list
        cached_input: str | float | Decimal | None = None,
        output: str | float | Decimal = 0,
    ) -> Price:
        """Return the price from units per million tokens, as price lists print them (`input="0.15"`).

        cached_input is the price of input where it is not given. Raises SpecError for a price that is
        negative, not a number, or finer than a millionth.
        """
        return cls(
            input=_micros(input, "input"),
            cached_input=_micros(input if cached_input is None else cached_input, "cached_input"),
            output=_micros(output, "output"),
        )

    def money(self, usage: Usage) -> int:
        """Return what this usage costs, in millionths, rounded up."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        total = fresh * self.input + usage.cached_tokens * self.cached_input + usage.completion_tokens * self.output
        return -(-total // _MILLION)

    @property
    def dearest_input(self) -> int:
        """The higher of both input prices."""
        return max(self.input, self.cached_input)


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """Upper limits of a run; None for no limit. money is in millionths, seconds is wall time."""

    money: int | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The most that one call can use; equal to itself only."""

    role: str
    most: Usage


class Budget:
    """Everything that a run has spent and reserved, over all roles.

    Args:
        caps: the limits.
        prices: role to price; a role that is not there is free of charge.
        spent: what earlier sessions of the same run spent.
        elapsed: seconds that earlier sessions took.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        caps: Caps,
        prices: Mapping[str, Price] | None = None,
        *,
        spent: Usage | None = None,
        elapsed: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caps, self._prices = caps, dict(prices or {})
        self._spent = spent or Usage()
        self._open: set[Reservation] = set()
        self._reserved = Usage()
        self._clock, self._started = clock, clock() - elapsed

    @property
    def spent(self) -> Usage:
        """What settled calls used, with their money."""
        return self._spent

    @property
    def reserved(self) -> Usage:
        """The most that the calls under way can use."""
        return self._reserved

    @property
    def elapsed(self) -> float:
        """Seconds of all sessions together."""
        return self._clock() - self._started

    def reserve(self, request: Request, role: str) -> Reservation:
        """Set aside the most that this call can use.

        Raises:
            CapReached: with all that is spent and reserved it could pass a cap.
        """
        prompt, completion = most_prompt_tokens(request), request.max_tokens
        price = self._prices.get(role, Price())
        money = -(-(prompt * price.dearest_input + completion * price.output) // _MILLION)
        most = Usage(calls=1, prompt_tokens=prompt, completion_tokens=completion, money=money)
        self._check(self._spent + self._reserved + most)
        reservation = Reservation(role=role, most=most)
        self._open.add(reservation)
        self._reserved = self._reserved + most
        return reservation

    def settle(self, reservation: Reservation, usage: Usage) -> Usage:
        """Book what the call really used and return it with its money; a reservation is settled once."""
        self.release(reservation)
        price = self._prices.get(reservation.role, Price())
        paid = msgspec.structs.replace(usage, money=price.money(usage))
        self._spent = self._spent + paid
        return paid

    def release(self, reservation: Reservation) -> None:
        """Give back the reservation of a call that was not answered.

        Raises:
            ValueError: it was settled or released before.
        """
        if reservation not in self._open:
            raise ValueError("a reservation is settled or released once")
        self._open.remove(reservation)
        self._reserved = _minus(self._reserved, reservation.most)

    def _check(self, total: Usage) -> None:
        caps = self._caps
        rows = (
            ("money", total.money, caps.money),
            ("tokens", total.tokens, caps.tokens),
            ("calls", total.calls, caps.calls),
        )
        for name, value, cap in rows:
            if cap is not None and value > cap:
                raise CapReached(f"the cap of {cap:,} {name} could be passed", where="budget", fix=_fix(name))
        if caps.seconds is not None and self.elapsed >= caps.seconds:
            raise CapReached(f"the cap of {caps.seconds:g} seconds is reached", where="budget", fix=_fix("seconds"))


def most_prompt_tokens(request: Request) -> int:
    """Return an upper bound of the prompt's tokens: every token of every tokenizer covers a byte or more.

    Room is added for what chat templates put around messages and before the first one, and for the white space
    and words with which they print tools and schemas.
    """
    said = sum(len(msgspec.json.encode(message)) for message in request.messages)
    declared = len(msgspec.json.encode(request.tools)) + len(msgspec.json.encode(request.json_schema))
    return said + 2 * declared + _TOKENS_A_MESSAGE * len(request.messages) + _TOKENS_A_PROMPT


def _minus(total: Usage, part: Usage) -> Usage:
    return Usage(
        calls=total.calls - part.calls,
        prompt_tokens=total.prompt_tokens - part.prompt_tokens,
        completion_tokens=total.completion_tokens - part.completion_tokens,
        money=total.money - part.money,
    )


def _fix(name: str) -> str:
    return f"raise budget.{name} and run the same command again; what was done is kept"


def _micros(price: str | float | Decimal, name: str) -> int:
    try:
        micros = Decimal(str(price)) * _MILLION
    except InvalidOperation:
        raise SpecError(f"the price {price!r} of {name} is not a number", fix='write it like "0.15"') from None
    if not micros.is_finite() or micros < 0 or micros != micros.to_integral_value():
        what = f"the price {price!r} of {name} is not a sum of at most six decimals"
        raise SpecError(what, fix='write units per million tokens, like "0.15"')
    return int(micros)
