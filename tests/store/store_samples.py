"""Records and writers that the tests of the store share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Defect,
    Failure,
    Persona,
    Provenance,
    Scenario,
    Step,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
    Verdict,
)
from turnwright.store import Concluded, Run

SPEC = {"seed": 7, "models": {"user": {"name": "small", "parallel": 8}}, "factors": [{"name": "tone"}]}
USAGE = Usage(calls=1, prompt_tokens=100, cached_tokens=80, completion_tokens=20, money=3)


def environment() -> dict[str, str]:
    """For a child process that imports what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)}


def call_id(number: int) -> str:
    return f"call_{number:032x}"


def reply(number: int) -> bytes:
    return f"reply {number} ".encode() * (1 + number % 120)  # some below, some above the size that is compressed


async def record(run: Run, number: int, *, role: str = "user") -> None:
    await run.journal.record(
        call_id(number),
        role=role,
        model="small@1",
        request=b"request %d" % number,
        reply=reply(number),
        usage=USAGE,
        seconds=0.25,
    )


async def record_all(run: Run, numbers: range) -> None:
    await asyncio.gather(*(record(run, number) for number in numbers))


def concluded(ordinal: int, *, admitted: bool = True, stage: str = "admit", reason: str = "admitted") -> Concluded:
    scenario = Scenario(
        ordinal=ordinal,
        domain="shop@1",
        levels={"tone": "angry" if ordinal % 2 else "calm"},
        persona=Persona(name=f"Zoë {ordinal}"),
        seed=ordinal,
        weight=0.5,
    )
    call = ToolCall(id="call_1", name="find_order", arguments={"order_id": f"O-{ordinal}"})
    blueprint = Blueprint(
        scenario_id=scenario.id,
        domain="shop@1",
        intent="refund",
        goal="get the money back",
        outcome="resolved",
        steps=(Step(role="user", acts=("inform",)), Step(role="assistant", acts=("query",), call=call)),
    )
    conversation = _conversation(scenario, blueprint, call)
    defect = Defect(kind="role_flip", severity="note", turns=(0,), evidence="'I can help'", found_by="roles")
    verdict = Verdict(conversation_id=conversation.id, checks=("form", "roles"), defects=(defect,))
    admission = Admission(
        ordinal=ordinal,
        scenario_id=scenario.id,
        admitted=admitted,
        stage=stage,
        reason=reason,
        blueprint_id=blueprint.id,
        conversation_id=conversation.id,
        verdict_id=verdict.id,
        usage=USAGE,
    )
    failures = (Failure(scenario_id=scenario.id, stage="simulate", error="EndpointFault", message="reset"),)
    return Concluded(
        scenario=scenario,
        blueprint=blueprint,
        conversation=conversation,
        verdict=verdict,
        admission=admission,
        failures=failures if not admitted else (),
    )


def _conversation(scenario: Scenario, blueprint: Blueprint, call: ToolCall) -> Conversation:
    spoken = Provenance(origin="model", role="user", model="small@1", prompt="p1", seed=3, calls=("c1", "c2"), tries=2)
    text = f"My order O-{scenario.ordinal} never came. " * 30
    result = ToolResult(call_id="call_1", name="find_order", content={"state": "lost"})
    return Conversation(
        scenario_id=scenario.id,
        blueprint_id=blueprint.id,
        domain="shop@1",
        way="fill",
        turns=(
            Turn(role="user", text=text, acts=("inform",), provenance=spoken, trainable=False),
            Turn(role="assistant", acts=("query",), call=call, provenance=Provenance(origin="template")),
            Turn(role="tool", result=result, provenance=Provenance(origin="tool"), trainable=False),
        ),
    )


async def conclude_all(run: Run, ordinals: range) -> None:
    await asyncio.gather(*(run.records.conclude(concluded(ordinal)) for ordinal in ordinals))


@contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of this size, mounted at `path`; the test is skipped where that is not allowed."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
