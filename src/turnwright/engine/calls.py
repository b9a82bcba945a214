"""Speaking through the journal: a call that was finished once is never sent again.

A request and the model it goes to have one content id. The reply is durable in the journal before anyone sees it,
two equal requests in flight share one call, and every try is counted against the caps before it is sent.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import msgspec

from turnwright.engine.events import CallMade, Listener
from turnwright.models import AdaptiveLimit, Answer, Budget, Client, Reply, Request, RetryPolicy, Speaker, with_retries
from turnwright.records import Usage, canonical, content_id, derive_seed
from turnwright.store import Journal

__all__ = ["JournaledSpeaker", "Tally"]

_reply_decoder = msgspec.json.Decoder(Reply)


class JournaledSpeaker:
    """A model in a role, with journal, budget, adaptive limit and retries around its client."""

    def __init__(
        self,
        role: str,
        client: Client,
        journal: Journal,
        *,
        limit: AdaptiveLimit,
        retry: RetryPolicy,
        budget: Budget,
        tell: Listener,
        keep_requests: bool = False,
    ) -> None:
        self.role, self.client, self._journal = role, client, journal
        self._limit, self._retry, self._budget, self._tell = limit, retry, budget, tell
        self._keep_requests = keep_requests
        self._in_flight: dict[str, asyncio.Future[Reply]] = {}

    async def ask(self, request: Request) -> Answer:
        """Return the durable answer to a request.

        Raises:
            ModelError: after the last retry. CapReached: before a call that could pass a cap.
        """
        call_id = content_id("cl", (self.client.fingerprint, request))
        twin = self._in_flight.get(call_id)
        if twin is not None:
            return self._answer(await asyncio.shield(twin), call_id)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._in_flight[call_id] = future
        try:
            reply = await self._from_journal(call_id) or await self._paid(call_id, request)
            future.set_result(reply)
        except BaseException as error:
            future.set_exception(error)
            future.exception()
            raise
        finally:
            del self._in_flight[call_id]
        return self._answer(reply, call_id)

    def _answer(self, reply: Reply, call_id: str) -> Answer:
        return Answer(reply=reply, call_id=call_id, model=self.client.fingerprint)

    async def _from_journal(self, call_id: str) -> Reply | None:
        found = self._journal.get(call_id)
        if found is None:
            return None
        reply = _reply_decoder.decode(found)
        self._tell(CallMade(role=self.role, usage=reply.usage, replayed=True))
        return reply

    async def _paid(self, call_id: str, request: Request) -> Reply:
        jitter = random.Random(derive_seed("retry", call_id))
        reply = await with_retries(lambda: self._sent(request), self._retry, self._limit, rng=jitter)
        await self._journal.record(
            call_id,
            role=self.role,
            model=self.client.fingerprint,
            request=canonical(request) if self._keep_requests else None,
            reply=canonical(reply),
            usage=reply.usage,
            seconds=reply.seconds,
        )
        self._tell(CallMade(role=self.role, usage=reply.usage, replayed=False))
        return reply

    async def _sent(self, request: Request) -> Reply:
        """Send it once, with its most held against the caps while it is under way."""
        reservation = self._budget.reserve(request, self.role)
        try:
            reply = await self.client.complete(request)
        except BaseException:
            self._budget.release(reservation)
            raise
        return msgspec.structs.replace(reply, usage=self._budget.settle(reservation, reply.usage))


class Tally:
    """The speakers of one scenario, with everything that was paid for it added up, stage by stage.

    stage: what calls are booked under now. free: calls that another scenario already pays for are not booked.
    """

    def __init__(self, speakers: Mapping[str, Speaker], *, free: bool = False) -> None:
        self.stage, self.free = "simulate", free
        self.spent: dict[str, Usage] = {}
        self.speakers: dict[str, Speaker] = {role: _Counted(speaker, self) for role, speaker in speakers.items()}

    @property
    def usage(self) -> Usage:
        """All stages together."""
        return sum(self.spent.values(), Usage())

    def book(self, usage: Usage) -> None:
        """Add the price of a call to the stage that made it."""
        if not self.free:
            self.spent[self.stage] = self.spent.get(self.stage, Usage()) + usage

    def move(self, before: Usage, stage: str, to: str) -> None:
        """Book what a stage was paid since `before` under another name."""
        since = self.spent.pop(stage, Usage()) - before
        self.spent[to] = self.spent.get(to, Usage()) + since
        if before != Usage():
            self.spent[stage] = before


class _Counted:
    def __init__(self, speaker: Speaker, tally: Tally) -> None:
        self._speaker, self._tally = speaker, tally

    async def ask(self, request: Request) -> Answer:
        answer = await self._speaker.ask(request)
        self._tally.book(answer.reply.usage)
        return answer
