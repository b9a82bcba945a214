"""What a small model is worth in the `fill` way: right values, acts and roles a try, words of its own, speed.

    python benchmarks/simulate/small_model.py MODEL.gguf [--turns 150] [--domain telecom_support] [--json OUT.json]

Blueprints of the domain are planned, their text turns worded as `fill` does it, as many conversations at a time as the
model has slots. Prints a table, sample conversations and, with --json, writes all figures and texts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from turnwright.domains import STANDARD_FACTORS, Domain, load_domain
from turnwright.domains.reader import Reader
from turnwright.engine.assemble import design_of
from turnwright.engine.spec import Spec
from turnwright.errors import Impossible
from turnwright.models import Answer, EmbeddedClient, Request
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Step, Usage, content_id
from turnwright.simulate import FillSettings
from turnwright.simulate.lines import Line, joined, lines_of
from turnwright.simulate.wording import Worded, Wording

NOT_THE_ACT = ("act", "drift", "question", "negation", "odd")


class CountingSpeaker:
    """A speaker without a journal that adds up what it pays."""

    def __init__(self, client: EmbeddedClient) -> None:
        self.client, self.usage, self.busy = client, Usage(), 0.0

    async def ask(self, request: Request) -> Answer:
        reply = await self.client.complete(request)
        self.usage += reply.usage
        self.busy += reply.seconds
        return Answer(reply=reply, call_id=content_id("cl", request), model=self.client.fingerprint)


def blueprints(domain: Domain, wanted: int, seed: int) -> list[Blueprint]:
    """Plan blueprints until they hold `wanted` text turns."""
    spec = Spec.model_validate(
        {
            "domain": domain.name,
            "seed": seed,
            "scenarios": wanted,
            "models": {"m": {"kind": "scripted"}},
            "roles": {"user": "m", "teacher": "m"},
        }
    )
    design, factors = design_of(spec, domain), {**STANDARD_FACTORS, **domain.spec.factors}
    found: list[Blueprint] = []
    for ordinal in range(len(design)):
        try:
            found.append(plan(design.scenario(ordinal), domain, PlanSettings(), factors))
        except Impossible:
            continue
        if sum(len(text_steps(blueprint)) for blueprint in found) >= wanted:
            break
    return found


def text_steps(blueprint: Blueprint) -> list[int]:
    return [i for i, step in enumerate(blueprint.steps) if step.call is None and step.result is None]


async def word_all(
    planned: list[Blueprint],
    domain: Domain,
    speaker: CountingSpeaker,
    settings: FillSettings,
    reader: Reader,
    slots: int,
) -> list[tuple[Blueprint, list[tuple[Step, list[tuple[Line, Worded]]]]]]:
    """Word every line of every text step, `slots` conversations at a time."""
    todo = list(reversed(planned))
    done: dict[str, list[tuple[Step, list[tuple[Line, Worded]]]]] = {}

    async def worker() -> None:
        while todo:
            blueprint = todo.pop()
            speakers = {"user": speaker, "teacher": speaker}
            wording = Wording(blueprint, domain, speakers, settings, attempt=0, reader=reader)
            turns = []
            for index in text_steps(blueprint):
                step = blueprint.steps[index]
                lines = lines_of(domain, step)
                turns.append((step, [(line, await wording.line((index, n), line)) for n, line in enumerate(lines)]))
            done[blueprint.id] = turns

    await asyncio.gather(*(worker() for _ in range(slots)))
    return [(blueprint, done[blueprint.id]) for blueprint in planned]


def figures(turns: list[list[tuple[Line, Worded]]], usage: Usage, seconds: float, worked: float) -> dict[str, object]:
    """What came out; a share each, unless the name says otherwise. A line is one thing that a turn says."""
    worded = [pair for turn in turns for pair in turn]
    asked = [(line, said) for line, said in worded if said.provenance.tries]
    firsts = [said.objections[0] if said.objections else "" for _, said in asked]
    valued = [first for (line, _), first in zip(asked, firsts, strict=True) if line.surfaces]
    objections = Counter(objection for _, said in asked for objection in said.objections)
    tries = sum(said.provenance.tries for _, said in asked)
    origins = Counter(said.provenance.origin for _, said in worded)
    texts = [joined([said.text for _, said in turn]) for turn in turns]
    long = [text for turn, text in zip(turns, texts, strict=True) if not all(line.is_formula for line, _ in turn)]

    def share(part: float, whole: float) -> float:
        return round(part / whole, 3) if whole else 0.0

    return {
        "text turns": len(turns),
        "lines": len(worded),
        "lines put to the model": share(len(asked), len(worded)),
        "first try keeps the values": share(sum(f not in ("value", "other_value") for f in valued), len(valued)),
        "first try, right act": share(sum(f not in NOT_THE_ACT for f in firsts), len(firsts)),
        "first try, right role": share(sum(f != "role" for f in firsts), len(firsts)),
        "first try passes": share(sum(f in ("", "known") for f in firsts), len(firsts)),
        "objections": dict(objections.most_common()),
        "tries a line": share(tries, len(asked)),
        "lines by model": share(origins["model"], len(worded)),
        "lines by model, in new words": share(sum(not said.known for _, said in worded), len(worded)),
        "lines by template": share(origins["template"], len(worded)),
        "turns wholly by model": share(sum(_all_from("model", turn) for turn in turns), len(turns)),
        "turns wholly by template": share(sum(_all_from("template", turn) for turn in turns), len(turns)),
        "distinct texts": share(len(set(texts)), len(texts)),
        "distinct texts, formulae left out": share(len(set(long)), len(long)),
        "seconds": round(seconds, 1),
        "seconds a text turn": share(seconds, len(turns)),
        "CPU seconds a text turn": share(worked, len(turns)),
        "completion tokens a second": share(usage.completion_tokens, seconds),
        "prompt tokens from the cache": share(usage.cached_tokens, usage.prompt_tokens),
        "calls": usage.calls,
        "prompt tokens a try": share(usage.prompt_tokens, tries),
        "completion tokens a try": share(usage.completion_tokens, tries),
    }


def _all_from(origin: str, turn: list[tuple[Line, Worded]]) -> bool:
    return all(said.provenance.origin == origin for _, said in turn)


async def measure(args: argparse.Namespace) -> dict[str, object]:
    domain = load_domain(args.domain)
    reader = Reader(domain)
    planned = blueprints(domain, args.turns, args.seed)
    settings = FillSettings(**json.loads(args.settings))
    client = EmbeddedClient(args.model, slots=args.slots, threads=args.threads)
    speaker = CountingSpeaker(client)
    started, worked = time.perf_counter(), time.process_time()
    results = await word_all(planned, domain, speaker, settings, reader, args.slots)
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    await client.close()
    for blueprint, turns in results[: args.show]:
        print(f"\n--- {blueprint.intent}: {blueprint.goal}")
        for step, lines in turns:
            marks = "".join(_mark(said) for _, said in lines)
            print(f"  {marks:8} {step.role[:4]:5}{joined([said.text for _, said in lines])}    <{step.phrase}>")
    turns = [lines for _, worded in results for _, lines in worded]
    return {
        "model": args.model.name,
        "domain": domain.fingerprint,
        "settings": settings.model_dump(),
        "slots": args.slots,
        "reader, leave-one-out": {name: round(share, 3) for name, share in reader.accuracy.items()},
        "figures": figures(turns, speaker.usage, seconds, worked),
        "lines": [
            {
                "role": line.role,
                "acts": line.acts,
                "text": said.text,
                "origin": said.provenance.origin,
                "known": said.known,
                "tries": said.provenance.tries,
                "objections": said.objections,
            }
            for turn in turns
            for line, said in turn
        ],
    }


def _mark(said: Worded) -> str:
    """T: template, =: the model repeats a phrasing, m: the model's own words; and the tries."""
    return ("T" if said.provenance.origin == "template" else "=" if said.known else "m") + str(said.provenance.tries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--domain", default="telecom_support")
    parser.add_argument("--turns", type=int, default=150)
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=4, help="conversations to print")
    parser.add_argument("--settings", default="{}", help="JSON of FillSettings")
    parser.add_argument("--json", type=Path, default=None)
    args = parser.parse_args()
    report = asyncio.run(measure(args))
    print()
    for part in ("reader, leave-one-out", "figures"):
        for name, value in report[part].items():  # type: ignore[attr-defined]
            print(f"  {name:36} {value}")
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


if __name__ == "__main__":
    sys.exit(main())
