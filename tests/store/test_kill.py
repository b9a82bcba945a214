"""`kill -9` at any moment: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from store_samples import SPEC, call_id, concluded, environment, reply

from turnwright.store import Run, open_run

_WRITER = """
import asyncio, sys
from pathlib import Path
from store_samples import SPEC, concluded, record
from turnwright.store import open_run

async def main(run):
    numbers = iter(range(2000))
    async def worker():
        for number in numbers:
            await record(run, number)
            print("call", number, flush=True)
    async def conclude():
        for ordinal in range(400):
            await run.records.conclude(concluded(ordinal))
            print("scenario", ordinal, flush=True)
    await asyncio.gather(conclude(), *(worker() for _ in range(64)))

asyncio.run(main(open_run(Path(sys.argv[1]), spec=SPEC, durability=sys.argv[2])))
"""


def _write_until_killed(folder: Path, durability: str, acknowledgements: int) -> set[tuple[str, int]]:
    """Start a writer, kill it after so many acknowledgements, and return all that it gave."""
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder), durability],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
        cwd=Path(__file__).parent,
    )
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(acknowledgements)]
    child.kill()
    lines += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {(what, int(number)) for what, number in whole}


def _require_whole_scenarios(run: Run) -> int:
    done = run.records.done_up_to()
    assert [found.scenario.ordinal for found in run.records.concluded()] == list(range(done))
    for ordinal in range(done):
        assert run.records.concluded_at(ordinal) == concluded(ordinal)
    assert run.records.logged_up_to() == run.records.log.ledger.size == done
    return done


@pytest.mark.parametrize("durability", ["power", "process"])
def test_every_acknowledged_row_is_there_after_kill_9_at_random_moments(tmp_path: Path, durability: str) -> None:
    moments = random.Random(durability)
    for number in range(4):
        folder = tmp_path / str(number)
        acknowledged = _write_until_killed(folder, durability, moments.randrange(1, 1500))
        with open_run(folder, spec=SPEC) as run:
            done = _require_whole_scenarios(run)
            for what, which in acknowledged:
                if what == "call":
                    assert run.journal.get(call_id(which)) == reply(which)
                else:
                    assert which < done
            rows = run.journal.totals()["user"].calls
            assert rows == len(run.journal) == len(list(run.journal.calls_of(map(call_id, range(2000)))))


def test_a_killed_run_goes_on_where_it_was_and_can_be_killed_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = _write_until_killed(folder, "process", 200)
    child = subprocess.run(
        [sys.executable, "-c", _WRITER.replace("range(400)", "range(run.records.done_up_to(), 30)"), folder, "process"],
        capture_output=True,
        env=environment(),
        text=True,
        cwd=Path(__file__).parent,
        check=True,
    )
    assert "call 1999" in child.stdout
    with open_run(folder, spec=SPEC) as run:
        assert first
        assert len(run.journal) == 2000
        assert _require_whole_scenarios(run) >= 30
