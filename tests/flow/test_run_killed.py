"""Kill the process at any moment and run the same command again: nothing is paid twice, nothing lost or doubled."""

from __future__ import annotations

import hashlib
import random
import signal
import time
from pathlib import Path

import pytest
from flow_runs import WriteSpec, exports_of, start

import turnwright
from turnwright.store import read_run


@pytest.mark.slow
def test_killed_at_ten_moments_a_run_of_300_ends_the_same_and_sends_no_finished_call_twice(
    write_spec: WriteSpec, tmp_path: Path
) -> None:
    same = {"scenarios": 300, "concurrency": 16, "latency": 0.002, "keep_requests": True}
    calm = write_spec("calm", **same)
    turnwright.load(calm).run(tmp_path / "calm-out")
    spec, out = write_spec("killed", **same), tmp_path / "killed-out"
    log, moments = spec.parent / "calls.log", random.Random(5)
    finished: dict[str, int] = {}
    for _ in range(10):
        # by calls sent and not by the clock: a fast machine would be through before the tenth kill
        moment = sent(log) + moments.randrange(200)
        child = start(spec, out)
        while sent(log) <= moment:
            assert child.poll() is None, "the run was over before it could be killed ten times"
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
        place = sent(log)
        finished.update(dict.fromkeys(in_journal(out) - set(finished), place))
    last = start(spec, out)
    text, _ = last.communicate(timeout=300)
    assert last.returncode == 0, text
    assert exports_of(out) == exports_of(tmp_path / "calm-out")
    lines = log.read_text().split()
    assert set(lines) == set((calm.parent / "calls.log").read_text().split())
    assert len(finished) > 100
    sent_again = [request for request, place in finished.items() if request in lines[place:]]
    assert sent_again == []


def sent(log: Path) -> int:
    """Requests that the double has been sent so far."""
    return log.read_text().count("\n") if log.exists() else 0


def in_journal(folder: Path) -> set[str]:
    """The requests whose replies are in the journal, by the id under which the double counts them."""
    if not (folder / "run.db").exists():
        return set()
    with read_run(folder) as run:
        requests = [run.journal.request_of(call_id) for call_id in run.journal.call_ids()]
    return {f"rq_{hashlib.sha256(request).hexdigest()[:32]}" for request in requests if request}


def test_ctrl_c_drains_and_leaves_a_run_that_goes_on(write_spec: WriteSpec, tmp_path: Path) -> None:
    spec, out = write_spec("stopped", scenarios=200, concurrency=4, latency=0.01), tmp_path / "out"
    child, log = start(spec, out), spec.parent / "calls.log"
    while not log.exists() or log.read_text().count("\n") < 100:
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    text, _ = child.communicate(timeout=60)
    assert child.returncode == 130, text
    with turnwright.load(spec).open_run(out) as run:
        done = run.records.done_up_to()
    assert 0 < done < 200
    report = turnwright.load(spec).run(out)
    assert report.ending == "complete"
    assert report.summary.concluded == 200
