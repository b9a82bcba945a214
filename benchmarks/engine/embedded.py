"""What the embedded client costs against the bare runtime, and how much of the prompts its prefix cache serves.

    python benchmarks/engine/embedded.py [--model NAME_OR_PATH] [--rounds 5] [--threads N] [--json OUT.json]

Both arms drive the same GGUF in this process with the same slots, context and threads: eight conversations at a
time, six user and assistant turns each, every assistant turn one call. The bare arm is eight threads that call
xllamacpp directly. Arms alternate, and which goes first alternates too; figures are medians over rounds, with the
median of the ratios of each round's pair. A machine that is shared makes single rounds worthless; CPU time is
printed beside wall time for that reason. The second table lets user and assistant both speak by the one model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import xllamacpp
from rich.console import Console
from rich.table import Table

from turnwright.models import EmbeddedClient, Message, Request, located
from turnwright.models.cores import own_cores
from turnwright.models.wire import body_of, reply_of
from turnwright.records import Usage, derive_seed

CONVERSATIONS = 8
TURNS = 6
CONTEXT = 1536
MAX_TOKENS = 32
POLICY = "You are an agent of an online shop. " + " ".join(
    f"Rule {number}: check the customer's identity before step {number}, and promise no refund above {number}0 euros."
    for number in range(1, 9)
)
ASKS = (
    "where is my order",
    "can I send back",
    "why was I charged twice for",
    "please cancel",
    "I never got",
    "who sold",
)
RESULTS = Path(__file__).parent / "results" / "embedded.json"


def first(conversation: int) -> list[Message]:
    return [Message(role="system", content=f"{POLICY} The customer's number is C-{conversation}.")]


def user_line(conversation: int, turn: int) -> Message:
    return Message(role="user", content=f"{ASKS[turn % len(ASKS)]} ORD-{conversation * 37 + turn}?")


def request(messages: list[Message], conversation: int, turn: int) -> Request:
    seed = derive_seed("embedded benchmark", conversation, turn)
    return Request(messages=tuple(messages), max_tokens=MAX_TOKENS, temperature=0.8, seed=seed)


class Bare:
    """xllamacpp as its documentation uses it, one thread a conversation."""

    def __init__(self, path: Path, threads: int) -> None:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_parallel = CONVERSATIONS
        parameters.n_ctx = CONVERSATIONS * CONTEXT
        parameters.cpuparams.n_threads = threads
        parameters.warmup = False
        parameters.verbosity = -1
        self.server = xllamacpp.Server(parameters)

    def play(self, conversations: range) -> Usage:
        with ThreadPoolExecutor(CONVERSATIONS) as pool:
            return sum(pool.map(self.converse, conversations), Usage())

    def converse(self, conversation: int) -> Usage:
        messages, usage = first(conversation), Usage()
        for turn in range(TURNS):
            messages.append(user_line(conversation, turn))
            pieces: list[str] = []
            body = msgspec.json.encode(body_of(request(messages, conversation, turn)))
            self.server.handle_chat_completions(body, lambda piece, pieces=pieces: bool(pieces.append(piece)))
            reply = reply_of(pieces[0].encode() if isinstance(pieces[0], str) else pieces[0], 0.0)
            messages.append(Message(role="assistant", content=reply.text))
            usage += reply.usage
        return usage


class Embedded:
    """The client of turnwright, one task a conversation."""

    def __init__(self, path: Path, threads: int) -> None:
        self.client = EmbeddedClient(path, slots=CONVERSATIONS, context=CONTEXT, threads=threads)

    def play(self, conversations: range, converse: Callable[[int], Any] | None = None) -> Usage:
        async def all_of_them() -> list[Usage]:
            return await asyncio.gather(*(converse(number) for number in conversations))

        converse = converse or self.converse
        return sum(asyncio.run(all_of_them()), Usage())

    async def converse(self, conversation: int) -> Usage:
        messages, usage = first(conversation), Usage()
        for turn in range(TURNS):
            messages.append(user_line(conversation, turn))
            reply = await self.client.complete(request(messages, conversation, turn))
            messages.append(Message(role="assistant", content=reply.text))
            usage += reply.usage
        return usage

    async def interplay(self, conversation: int) -> Usage:
        agent, usage = first(conversation), Usage()
        customer = [Message(role="system", content=f"You are customer C-{conversation}. Complain in short lines.")]
        said = "Hello, how can I help?"
        for turn in range(TURNS):
            customer.append(Message(role="user", content=said))
            asked = await self.client.complete(request(customer, conversation, 2 * turn))
            customer.append(Message(role="assistant", content=asked.text))
            agent.append(Message(role="user", content=asked.text))
            answered = await self.client.complete(request(agent, conversation, 2 * turn + 1))
            agent.append(Message(role="assistant", content=answered.text))
            said, usage = answered.text, usage + asked.usage + answered.usage
        return usage


def measured(play: Callable[[range], Usage], number: int) -> dict[str, float]:
    conversations = range(number * CONVERSATIONS, (number + 1) * CONVERSATIONS)
    wall, cpu = time.perf_counter(), time.process_time()
    usage = play(conversations)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "calls": usage.calls,
        "tokens_per_second": usage.completion_tokens / wall,
        "cpu_ms_per_token": 1000 * cpu / usage.completion_tokens,
        "cached_share": usage.cached_tokens / usage.prompt_tokens,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "seconds": wall,
    }


def compared(path: Path, threads: int, rounds: int) -> tuple[dict[str, list[dict[str, float]]], Embedded]:
    bare, embedded = Bare(path, threads), Embedded(path, threads)
    arms = {"bare": bare.play, "embedded": embedded.play}
    found: dict[str, list[dict[str, float]]] = {"bare": [], "embedded": []}
    for number in range(rounds):
        order = list(arms) if number % 2 == 0 else list(reversed(arms))
        for arm in order:
            found[arm].append(measured(arms[arm], number))
    return found, embedded


def median(rounds: list[dict[str, float]], name: str) -> float:
    return statistics.median(one[name] for one in rounds)


def summary(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    pairs = list(zip(found["embedded"], found["bare"], strict=True))
    return {
        "ratio_of_tokens_per_second": statistics.median(
            one["tokens_per_second"] / other["tokens_per_second"] for one, other in pairs
        ),
        "ratio_of_cpu_per_token": statistics.median(
            other["cpu_ms_per_token"] / one["cpu_ms_per_token"] for one, other in pairs
        ),
        **{arm: {name: median(rounds, name) for name in rounds[0]} for arm, rounds in found.items()},
    }


def shown(summed: dict[str, Any], console: Console) -> None:
    table = Table("arm", "tokens/s", "CPU ms/token", "from the cache", "calls a round", title="growing conversations")
    for arm in ("bare", "embedded", "interplay"):
        row = summed[arm]
        table.add_row(
            arm,
            f"{row['tokens_per_second']:.1f}",
            f"{row['cpu_ms_per_token']:.2f}",
            f"{row['cached_share']:.1%}",
            f"{row['calls']:.0f}",
        )
    console.print(table)
    console.print(
        f"embedded / bare: {summed['ratio_of_tokens_per_second']:.3f} by wall time, "
        f"{summed['ratio_of_cpu_per_token']:.3f} by CPU time (1 is as fast as the bare runtime)"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", default="smollm2-135m-instruct")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--json", type=Path, default=RESULTS)
    chosen = options.parse_args()
    path, threads = located(chosen.model), chosen.threads or own_cores()
    found, embedded = compared(path, threads, chosen.rounds)
    both = [measured(lambda numbers: embedded.play(numbers, embedded.interplay), 1000 + n) for n in range(2)]
    asyncio.run(embedded.client.close())
    summed = summary(found)
    summed["interplay"] = {name: median(both, name) for name in both[0]}
    shown(summed, Console())
    setting = {
        "model": path.name,
        "threads": threads,
        "slots": CONVERSATIONS,
        "context": CONTEXT,
        "turns": TURNS,
        "max_tokens": MAX_TOKENS,
        "rounds": chosen.rounds,
        "xllamacpp": xllamacpp.__version__,
        "machine": platform.machine(),
    }
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"setting": setting, "medians": summed, "rounds": found | {"interplay": both}}
    chosen.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
