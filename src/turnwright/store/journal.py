"""Every finished model call, kept before its reply is used: what was paid for once is never paid for again.

It keeps bytes and counts. What a reply means, and which id a request has, is known to those who call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from turnwright.records import Usage
from turnwright.store.database import Database
from turnwright.store.packing import pack, unpack
from turnwright.store.writer import Row, Table

__all__ = ["Journal", "PaidCall"]

_SPEAKERS = Table("speakers", ("id", "role", "model"), "ON CONFLICT DO NOTHING")
_CALLS = Table(
    "calls",
    (
        "id",
        "speaker",
        "calls",
        "prompt_tokens",
        "cached_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "money",
        "seconds",
        "reply",
        "request",
    ),
    "ON CONFLICT DO NOTHING",
)
_USAGE = "calls, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, money"
_IDS_A_QUERY = 500


class PaidCall(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal knows of one call besides its words; `seconds` is wall time."""

    call_id: str
    role: str
    model: str
    usage: Usage
    seconds: float


class Journal:
    """The finished model calls of one run.

    Looking a call up is one indexed read of the file (tens of microseconds) and not a set of ids in memory: memory
    stays flat however many calls there are, and a call that was paid for a moment ago is found as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._speakers: dict[tuple[str, str], int] = {
            (role, model): number
            for number, role, model in database.rows("SELECT id, role, model FROM speakers ORDER BY id")
        }
        self._introduced = set(self._speakers.values())  # those whose row is known to be durable

    async def record(
        self,
        call_id: str,
        *,
        role: str,
        model: str,
        request: bytes | None,
        reply: bytes,
        usage: Usage,
        seconds: float,
    ) -> None:
        """Keep a finished call; return when it is durable. A call that is there already stays as it is.

        Raises:
            StoreError: it could not be kept; the reply must not be used.
        """
        number = self._number(role, model)
        rows: list[Row] = []
        if number not in self._introduced:
            rows.append((_SPEAKERS, (number, role, model)))
        paid = (
            usage.calls,
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
            usage.money,
        )
        kept = (pack(reply), None if request is None else pack(request))
        rows.append((_CALLS, (call_id, number, *paid, seconds, *kept)))
        await self._database.write(rows)
        self._introduced.add(number)

    def get(self, call_id: str) -> bytes | None:
        """The reply of this call, None when it was never finished."""
        return self._kept("reply", call_id)

    def request_of(self, call_id: str) -> bytes | None:
        """The request of this call, None when there is none."""
        return self._kept("request", call_id)

    def calls_of(self, call_ids: Iterable[str]) -> Iterator[PaidCall]:
        """What is known of these calls, in the order of writing within each 500; unknown ids are left out."""
        ids = iter(call_ids)
        while some := tuple(islice(ids, _IDS_A_QUERY)):
            places = ", ".join("?" * len(some))
            for call_id, role, model, seconds, *paid in self._database.rows(
                f"SELECT c.id, role, model, c.seconds, {', '.join(f'c.{name}' for name in _USAGE.split(', '))} "
                f"FROM calls c JOIN speakers s ON s.id = c.speaker WHERE c.id IN ({places}) ORDER BY c.number",
                *some,
            ):
                yield PaidCall(call_id=call_id, role=role, model=model, usage=_usage(paid), seconds=seconds)

    def totals(self) -> dict[str, Usage]:
        """What was paid, by role, over the whole life of the run; roles in the order of their first call."""
        totals: dict[str, Usage] = {}
        for role, *paid in self._database.rows(f"SELECT role, {_USAGE} FROM speakers WHERE replies > 0 ORDER BY id"):
            totals[role] = totals.get(role, Usage()) + _usage(paid)
        return totals

    def seconds(self) -> float:
        """Wall time of all calls together (they overlap)."""
        return float(self._database.value("SELECT total(seconds) FROM speakers"))

    def call_ids(self) -> Iterator[str]:
        """Stream the ids of all finished calls, in no particular order."""
        last = ""
        while rows := self._database.rows("SELECT id FROM calls WHERE id > ? ORDER BY id LIMIT 1024", last):
            yield from (call_id for (call_id,) in rows)
            last = rows[-1][0]

    def __len__(self) -> int:
        """How many calls are kept."""
        return int(self._database.value("SELECT coalesce(sum(replies), 0) FROM speakers"))

    def _number(self, role: str, model: str) -> int:
        number = self._speakers.get((role, model))
        if number is None:
            number = self._speakers[(role, model)] = max(self._speakers.values(), default=0) + 1
        return number

    def _kept(self, column: str, call_id: str) -> bytes | None:
        blob = self._database.value(f"SELECT {column} FROM calls WHERE id = ?", call_id)
        if blob is None:
            return None
        with self._database.reading():
            return unpack(blob)


def _usage(paid: Iterable[int]) -> Usage:
    return Usage(**dict(zip(_USAGE.split(", "), paid, strict=True)))
