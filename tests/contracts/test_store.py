"""What every open run promises to the engine, however durable it is and whether it is new or resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from turnwright.records import Admission, Persona, Scenario, Usage
from turnwright.store import Concluded, Durability, Run, open_run, read_run

_USAGE = Usage(calls=1, prompt_tokens=9, completion_tokens=4)


@pytest.fixture(params=["power", "process"])
def durability(request: pytest.FixtureRequest) -> Durability:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["new", "resumed"])
def run(request: pytest.FixtureRequest, tmp_path: Path, durability: Durability) -> Iterator[Run]:
    if request.param == "resumed":
        open_run(tmp_path / "run", spec={}, durability=durability).close()
    with open_run(tmp_path / "run", spec={}, durability=durability) as opened:
        assert opened.resumed == (request.param == "resumed")
        yield opened


async def _record(run: Run, key: str, reply: bytes = b"reply") -> None:
    await run.journal.record(key, role="user", model="m", request=b"?", reply=reply, usage=_USAGE, seconds=0.1)


def _concluded(ordinal: int) -> Concluded:
    scenario = Scenario(ordinal=ordinal, domain="d", levels={}, persona=Persona(name="P"), seed=ordinal)
    admission = Admission(ordinal=ordinal, scenario_id=scenario.id, admitted=False, stage="plan", reason="impossible")
    return Concluded(scenario=scenario, admission=admission)


async def test_a_reply_is_there_when_record_returns(run: Run) -> None:
    assert run.journal.get("a") is None
    await _record(run, "a")
    assert run.journal.get("a") == b"reply"


async def test_recording_again_changes_nothing(run: Run) -> None:
    await _record(run, "a", b"first")
    await _record(run, "a", b"second")
    assert run.journal.get("a") == b"first"
    assert run.journal.totals() == {"user": _USAGE}


async def test_scenarios_are_concluded_in_order_beside_recorded_calls(run: Run) -> None:
    await asyncio.gather(
        *(_record(run, str(number)) for number in range(100)),
        *(run.records.conclude(_concluded(ordinal)) for ordinal in range(30)),
    )
    assert run.records.done_up_to() == 30
    assert list(run.records.concluded()) == [_concluded(ordinal) for ordinal in range(30)]
    assert len(run.journal) == 100


async def test_another_reader_sees_what_was_acknowledged(run: Run) -> None:
    await _record(run, "a")
    await run.records.conclude(_concluded(0))
    with read_run(run.folder.path) as reader:
        assert reader.journal.get("a") == b"reply"
        assert reader.records.done_up_to() == 1
