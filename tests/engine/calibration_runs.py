"""Runs with known verdicts and no models, for the tests of calibration."""

from __future__ import annotations

import asyncio
from pathlib import Path

from turnwright.records import (
    Admission,
    Conversation,
    Defect,
    Label,
    Persona,
    Provenance,
    Ruling,
    Scenario,
    Turn,
    Verdict,
    Vote,
)
from turnwright.store import Concluded, Run, open_run, read_run

OF_A_CHECK = Defect(kind="wrong_value", severity="fault", turns=(0,), evidence="", found_by="values")


def concluded(ordinal: int, reason: str = "admitted", probability: float | None = None) -> Concluded:
    """A scenario that ended so; `probability` is what an arbiter gave for a defect.

    reason: `admitted`, `near_duplicate` (nothing found, not taken), `impossible` (no conversation), or a defect class.
    """
    scenario = Scenario(ordinal=ordinal, domain="shop@1", levels={}, persona=Persona(name="Ada"), seed=ordinal)
    stage = {"admitted": "admit", "near_duplicate": "admit", "impossible": "plan"}.get(reason, "verify")
    admission = Admission(
        ordinal=ordinal, scenario_id=scenario.id, admitted=reason == "admitted", stage=stage, reason=reason
    )  # fmt: skip
    if reason == "impossible":
        return Concluded(scenario=scenario, admission=admission)
    said = Turn(role="user", text=f"My order {ordinal} never came.", provenance=Provenance(origin="human"))
    conversation = Conversation(
        scenario_id=scenario.id, blueprint_id="bp_1", domain="shop@1", way="fill", turns=(said,)
    )  # fmt: skip
    votes = (Vote(arbiter="a", defect_found=(probability or 0) > 0.5, probability=probability),)
    ruling = Ruling(question="q", defect="rudeness", found=(probability or 0) > 0.5, how="vote", votes=votes)
    of_arbiter = Defect(kind="rudeness", severity="fault", turns=(0,), evidence="", found_by="arbiter")
    verdict = Verdict(
        conversation_id=conversation.id,
        checks=("form",),
        defects=() if stage == "admit" else (of_arbiter if reason == "rudeness" else OF_A_CHECK,),
        rulings=() if probability is None else (ruling,),
    )
    whole = Admission(
        ordinal=ordinal, scenario_id=scenario.id, admitted=reason == "admitted", stage=stage, reason=reason,
        conversation_id=conversation.id, verdict_id=verdict.id,
    )  # fmt: skip
    return Concluded(scenario=scenario, conversation=conversation, verdict=verdict, admission=whole)


def run_of(folder: Path, *all_of_it: Concluded) -> Run:
    """Write a run with these and open it for reading."""

    async def write(run: Run) -> None:
        for each in all_of_it:
            await run.records.conclude(each)

    with open_run(folder, spec={"scenarios": len(all_of_it)}) as run:
        asyncio.run(write(run))
    return read_run(folder)


def ids_of(run: Run) -> list[str]:
    """The ids of the conversations, in order."""
    return [found.id for found in run.records.conversations()]


def says(conversation: str, accepted: bool, reviewer: str = "Ada", defect: str = "") -> Label:
    return Label(conversation_id=conversation, reviewer=reviewer, accepted=accepted, defect=defect)
