"""How many planted defects do the deterministic checks find on their own, and how often do they cry wolf?

usage: python benchmarks/arbiter/checks.py [--domain telecom_support] [--conversations 500] [--copies 100]
Conversations are planned from a design and filled by the obliging double. One known defect is planted per copy, in each
class that a check claims; then all checks run, without a reader. Found: a finding of that class (strict), or of one
that names the same deed (EQUIVALENT). Each copy is also judged as an interplay, where no outline is given. Lower bounds
are exact (Clopper-Pearson, one-sided, 95 %). False alarms: findings in conversations that nothing was planted in, and
in harmlessly edited ones. Prints a table and writes benchmarks/arbiter/results/checks.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from turnwright.design import DesignSettings, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain, load_domain
from turnwright.domains.reader import Reader
from turnwright.errors import Impossible
from turnwright.models import Answer, Request, ScriptedClient
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Conversation, Scenario, content_id, seeded
from turnwright.simulate import FillSettings
from turnwright.simulate.fill import fill
from turnwright.verify import DEFECTS, VerifySettings, verify
from turnwright.verify.exam.harmless import harmless
from turnwright.verify.exam.planting import PLANTINGS, plant

HERE = Path(__file__).parent
SEED, CONFIDENCE, HARMLESS = 17, 0.95, 100
SETTINGS = VerifySettings(stop_early=False)
CLAIMED = [defect for defect in PLANTINGS if DEFECTS[defect].check != "arbiter"]
EQUIVALENT = {
    "wrong_value": {"missing_value", "unsupported_claim"},  # the planned value is gone; the other one has no support
    "contradiction": {"wrong_value"},  # the same value, held against the plan instead of what was said before
    "missing_value": {"wrong_value"},  # another number of the turn is taken for the one that is gone
    "ignored_correction": {"wrong_value", "contradiction"},  # the old value, held against the plan
    "skipped_confirmation": {"policy_breach"},  # where a rule of the domain asks for the confirmation
    "repetition": {"echo"},
}


class Case(msgspec.Struct, frozen=True):
    scenario: Scenario
    blueprint: Blueprint
    conversation: Conversation


class Obliging:
    """A speaker that asks the scripted client, without a journal."""

    def __init__(self) -> None:
        self.client = ScriptedClient(script="obliging")

    async def ask(self, request: Request) -> Answer:
        return Answer(reply=await self.client.complete(request), call_id=content_id("cl", request), model="double")


def cases(domain: Domain, count: int) -> Iterator[Case]:
    """The first conversations that can be planned; none is left out for what a check makes of it."""
    factors = {**STANDARD_FACTORS, **domain.spec.factors}
    constraints = [*STANDARD_CONSTRAINTS, *domain.spec.constraints]
    scenarios = design(
        DesignSettings(), domain.spec.factors, constraints, domain=domain.fingerprint, seed=SEED, count=2 * count,
        standard_factors=STANDARD_FACTORS, intents=list(domain.spec.intents),
    )  # fmt: skip
    reader, speaker, made = Reader(domain), Obliging(), 0
    speakers = {"user": speaker, "teacher": speaker}
    for ordinal in range(len(scenarios)):
        scenario = scenarios.scenario(ordinal)
        try:
            blueprint = plan(scenario, domain, PlanSettings(), factors)
        except Impossible:
            continue
        turns = asyncio.run(fill(blueprint, scenario, domain, speakers, FillSettings(), attempt=0, reader=reader))
        conversation = Conversation(
            scenario_id=scenario.id, blueprint_id=blueprint.id, domain=domain.fingerprint, way="fill", turns=turns,
            ending="abandoned" if blueprint.outcome == "abandoned" else "complete",
        )  # fmt: skip
        yield Case(scenario, blueprint, conversation)
        made += 1
        if made == count:
            return


def found(domain: Domain, case: Case, conversation: Conversation) -> set[str]:
    verdict = verify(conversation, case.blueprint, case.scenario, domain, SETTINGS)
    return {defect.kind for defect in verdict.defects if defect.severity != "note"}


def lower_bound(hits: int, count: int) -> float:
    """The share of hits that is not undercut with 95 % confidence: where P(X >= hits) is 5 %."""
    if not hits:
        return 0.0
    low, high = 0.0, hits / count
    for _ in range(60):
        middle = (low + high) / 2
        tail = sum(math.comb(count, k) * middle**k * (1 - middle) ** (count - k) for k in range(hits, count + 1))
        low, high = (middle, high) if tail < 1 - CONFIDENCE else (low, middle)
    return low


def measure(domain: Domain, clean: list[Case], defect: str, copies: int) -> dict[str, object]:
    """Plant one class in as many conversations as have a place for it, up to `copies`."""
    planted = strict = either = free = 0
    missed: Counter[str] = Counter()
    for case in clean:
        rng = seeded("benchmark", defect, case.scenario.seed)
        copy = plant(defect, case.conversation, case.blueprint, case.scenario, domain, rng)
        if copy is None:
            continue
        planted += 1
        kinds = found(domain, case, copy.conversation)
        as_interplay = found(domain, case, msgspec.structs.replace(copy.conversation, way="interplay"))
        strict += defect in kinds
        either += bool(kinds & {defect, *EQUIVALENT.get(defect, ())})
        free += bool(as_interplay & {defect, *EQUIVALENT.get(defect, ())})
        if defect not in kinds:
            missed[f"{'+'.join(sorted(kinds)) or 'nothing found'}: {copy.what}"] += 1
        if planted == copies:
            break
    return {
        "defect": defect,
        "check": DEFECTS[defect].check,
        "planted": planted,
        "found_strict": strict,
        "found": either,
        "lower_bound": round(lower_bound(either, planted), 4) if planted else None,
        "found_as_interplay": free,
        "missed_strict": [what for what, _ in missed.most_common(3)],
    }


def alarms(domain: Domain, made: list[Case]) -> dict[str, object]:
    """What the checks find where nothing was planted."""
    plain = [found(domain, case, case.conversation) for case in made]
    free = [found(domain, case, msgspec.structs.replace(case.conversation, way="interplay")) for case in made]
    edits: list[set[str]] = []
    for case in made:
        rng = seeded("harmless", case.scenario.seed)
        edited = harmless(case.conversation, case.blueprint, domain, rng)
        if edited is not None and len(edits) < HARMLESS:
            edits.append(found(domain, case, edited))
    return {
        name: {
            "count": len(kinds),
            "alarms": sum(map(bool, kinds)),
            "kinds": dict(Counter(k for s in kinds for k in s)),
        }
        for name, kinds in (("clean", plain), ("clean_as_interplay", free), ("harmless", edits))
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--domain", default="telecom_support")
    options.add_argument("--conversations", type=int, default=500)
    options.add_argument("--copies", type=int, default=100)
    given = options.parse_args()
    began = time.perf_counter()
    domain = load_domain(given.domain)
    made = list(cases(domain, given.conversations))
    false = alarms(domain, made)
    rows = [measure(domain, made, defect, given.copies) for defect in CLAIMED]
    print("defect                check       planted strict  found   share      >= interplay")
    for row in rows:
        share = f"{row['found'] / row['planted']:>7.1%} {row['lower_bound']:>7.1%}" if row["planted"] else " " * 15
        print(
            f"{row['defect']:<21} {row['check']:<11} {row['planted']:>7} {row['found_strict']:>6} {row['found']:>6} "
            f"{share} {row['found_as_interplay']:>9}"
        )
    for name, alarm in false.items():
        print(f"false alarms, {name}: {alarm['alarms']} of {alarm['count']} {alarm['kinds'] or ''}")
    seconds = round(time.perf_counter() - began, 1)
    print(f"{seconds} s")
    result = {"domain": domain.fingerprint, "seed": SEED, "false_alarms": false, "classes": rows, "seconds": seconds}
    out = HERE / "results" / "checks.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
