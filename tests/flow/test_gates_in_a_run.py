"""Runs with gates: batch by batch, against a frozen reference, and what a breached gate does."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from flow_runs import WriteSpec, exports_of, start

import turnwright
from turnwright.cli.app import run_app
from turnwright.engine import CallMade, Event, RunReport, load_spec
from turnwright.engine.batches import reference
from turnwright.engine.batches.course import Course
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.events import Judged
from turnwright.errors import InputError, RunFolderError, SpecError
from turnwright.reading import read_conversations
from turnwright.store import read_run

DESIGN = """\
simulate: {{fill: {{tries: 1}}}}
design:
  strength: 1
  factors:
    detour: {{none: {none}, repair: {repair}}}
    memory: {{sure: 0.97, forgets: 0.03}}
    mood: {{calm: 1}}
    tool_fault: {{none: 1}}
    disclosure: {{asked: 1}}
"""
MONITOR = """\
monitor:
  reference: [{reference}]
  batch: {batch}
  permutations: 99
  halves: 10
  gates: {gates}
"""
STOP = "[{when: 'act_mix <= 0.001'}]"
NEVER = "[{when: 'act_mix <= 0.9'}]"
QUARANTINE = "[{when: 'act_mix <= 0.001', action: quarantine}]"
REBALANCE = "[{when: 'act_mix <= 0.001', action: rebalance}]"


def shown(repair: float) -> str:
    """A design in which so many users ask to repeat something."""
    return DESIGN.format(none=round(1 - repair, 3), repair=repair)


def watched(reference: Path, gates: str, *, repair: float = 0.03, batch: int = 40) -> str:
    """The same, watched against a reference."""
    return shown(repair) + MONITOR.format(reference=reference, batch=batch, gates=gates)


@pytest.fixture
def people(write_spec: WriteSpec, tmp_path: Path) -> Path:
    """Stands in for human conversations: half of its users ask to repeat something, few of the runs' do."""
    spec = write_spec("people", scenarios=120, script="silent", more=shown(0.5))
    turnwright.load(spec).run(tmp_path / "people-out")
    return tmp_path / "people-out"


def made(spec: Path, out: Path) -> RunReport:
    return turnwright.load(spec).run(out)


def exported(folder: Path) -> int:
    """Conversations in the exports."""
    return sum(path.read_text().count("\n") for path in (folder / "exports" / "trl").glob("*.jsonl"))


def test_a_breached_gate_stops_the_run_in_order_and_says_why_again(
    write_spec: WriteSpec, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = write_spec("a", scenarios=160, script="silent", more=watched(people, STOP)), tmp_path / "out"
    report = made(spec, out)
    assert report.ending == "stopped"
    assert report.summary.concluded < 160
    assert report.summary.concluded % 40 == 0
    last = report.verdicts[-1]
    assert (last.action, last.number) == ("stop", report.summary.concluded // 40)
    assert last.due[0].low is not None
    assert last.due[0].low > 0.001
    assert exported(out) == report.summary.admitted
    assert "Stopped" in (out / "exports" / "README.md").read_text()
    assert "act_mix &lt;= 0.001" in (out / "report.html").read_text()
    calls = (spec.parent / "calls.log").read_text()
    assert run_app(["run", str(spec), "--folder", str(out), "--quiet"]) == 4
    said = " ".join(capsys.readouterr().out.split())
    assert "stopped by a gate: act_mix <= 0.001" in said
    assert f"{report.summary.admitted} admitted conversations are kept" in said
    assert (spec.parent / "calls.log").read_text() == calls


def test_a_stopped_run_goes_on_when_the_gate_was_changed_and_judges_that_batch_again(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=120, script="silent", more=watched(people, STOP)), tmp_path / "out"
    stopped = made(spec, out)
    spec.write_text(spec.read_text().replace(STOP, NEVER))
    report = made(spec, out)
    assert report.ending == "complete"
    assert report.summary.concluded == 120
    looks = [(one.look, one.number, one.action) for one in report.verdicts]
    assert looks[: len(stopped.verdicts)] == [(one.look, one.number, one.action) for one in stopped.verdicts]
    assert looks[len(stopped.verdicts)][1] == stopped.verdicts[-1].number


def test_a_quarantined_batch_stays_in_the_run_and_is_in_no_export(
    write_spec: WriteSpec, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = write_spec("a", scenarios=120, script="silent", more=watched(people, QUARANTINE)), tmp_path / "out"
    report = made(spec, out)
    withheld = sum(one.quarantined for one in report.verdicts)
    assert report.ending == "complete"
    assert withheld > 0
    assert report.summary.admitted + sum(report.summary.rejected.values()) == 120
    assert report.summary.rejected["monitor: quarantined"] == withheld
    assert exported(out) == report.summary.admitted
    assert len(read_conversations([out], least=0)) == report.summary.admitted
    assert "act_mix" in (out / "exports" / "README.md").read_text() + (out / "report.html").read_text()
    with read_run(out) as run:
        away = run.records.batches.ordinals()
        kept = run.records.concluded_at(away[0])
        assert kept.conversation is not None
        assert kept.quarantined
        assert away[0] not in {one.ordinal for one in run.records.admissions(admitted=True)}
        assert away[0] not in {one.ordinal for one in run.records.admissions(admitted=False)}
    assert run_app(["show", str(away[0]), "--folder", str(out)]) == 0
    assert "in quarantine since batch" in capsys.readouterr().out


def test_rebalancing_samples_what_is_missing_more_often_and_weights_still_read_the_target(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=240, script="silent", more=watched(people, REBALANCE)), tmp_path / "out"
    report = made(spec, out)
    first = next(one for one in report.verdicts if one.quotas)
    level = next(one for one in first.quotas if (one.factor, one.level) == ("detour", "repair"))
    assert level.after > 2 * level.before
    with read_run(out) as run:
        scenarios = [one.scenario for one in run.records.concluded()]
    shown = [one.levels["detour"] == "repair" for one in scenarios]
    after = shown[first.last + 1 : first.last + 41]
    assert sum(after) / len(after) > 2 * sum(shown[: first.last + 1]) / (first.last + 1)
    weighed = [one.weight * hit for one, hit in zip(scenarios, shown, strict=True)]
    assert sum(weighed) / sum(one.weight for one in scenarios) == pytest.approx(0.03, abs=0.01)
    again: list[Event] = []
    assert turnwright.load(spec).run(out, listen=again.append).verdicts == report.verdicts
    assert not [event for event in again if isinstance(event, CallMade | Judged)]


def test_concurrency_does_not_change_a_byte_with_gates_on(write_spec: WriteSpec, people: Path, tmp_path: Path) -> None:
    gates = "[{when: 'act_mix <= 0.001', action: rebalance}, {when: 'act_mix <= 0.05', action: quarantine}]"
    for concurrency in (1, 8):
        spec = write_spec(
            f"c{concurrency}", scenarios=160, script="silent", concurrency=concurrency, more=watched(people, gates)
        )
        made(spec, tmp_path / f"out{concurrency}")
    assert exports_of(tmp_path / "out1") == exports_of(tmp_path / "out8")
    verdicts = []
    for concurrency in (1, 8):
        with read_run(tmp_path / f"out{concurrency}") as run:
            verdicts.append(run.records.batches.verdicts())
    assert verdicts[0] == verdicts[1]
    one, other = ((tmp_path / f"out{n}" / "fidelity.json").read_bytes() for n in (1, 8))
    assert one == other


@pytest.mark.slow
def test_killed_between_and_in_batches_a_run_with_gates_ends_the_same(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    same = {"scenarios": 160, "script": "silent", "latency": 0.005, "concurrency": 8, "keep_requests": True}
    calm = write_spec("calm", **same, more=watched(people, REBALANCE))
    before = made(calm, tmp_path / "calm-out")
    spec, out = write_spec("killed", **same, more=watched(people, REBALANCE)), tmp_path / "killed-out"
    log, every = spec.parent / "calls.log", (calm.parent / "calls.log").read_text().count("\n")
    for part in (0.1, 0.27, 0.5, 0.76):  # some of these lie where a batch ends and is judged
        child = start(spec, out)
        while not log.exists() or log.read_text().count("\n") < part * every:
            assert child.poll() is None, "the run was over before it was killed"
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
    report = made(spec, out)
    assert report.verdicts == before.verdicts
    assert exports_of(out) == exports_of(tmp_path / "calm-out")
    assert set(log.read_text().split()) == set((calm.parent / "calls.log").read_text().split())


def test_a_run_that_ended_right_after_a_batch_judges_it_before_it_goes_on(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=80, script="silent", more=watched(people, NEVER)), tmp_path / "out"
    report = made(spec, out)
    with read_run(out) as run:
        database = run.folder.database
    with closing(sqlite3.connect(database)) as opened:  # as if it had been killed before the second verdict was written
        opened.execute("DELETE FROM batches WHERE look = 2")
        opened.commit()
    events: list[Event] = []
    again = turnwright.load(spec).run(out, listen=events.append)
    assert again.verdicts == report.verdicts
    assert [event.verdict.number for event in events if isinstance(event, Judged)] == [2]
    assert not [event for event in events if isinstance(event, CallMade)]


def test_without_gates_the_order_of_the_design_and_the_spec_are_as_they_were(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    plain = write_spec("plain", scenarios=40, script="silent", more=shown(0.03))
    seen = write_spec("seen", scenarios=40, script="silent", more=watched(people, "[]"))
    made(plain, tmp_path / "plain-out")
    report = made(seen, tmp_path / "seen-out")
    assert load_spec(seen).id == load_spec(plain).id
    assert report.verdicts == ()
    assert report.fidelity is not None
    with read_run(tmp_path / "plain-out") as one, read_run(tmp_path / "seen-out") as other:
        first, second = ([each.scenario for each in run.records.concluded()] for run in (one, other))
    assert first == second
    found = {name: value for name, value in exports_of(tmp_path / "seen-out").items() if name.endswith(".jsonl")}
    assert found == {name: exports_of(tmp_path / "plain-out")[name] for name in found}


def test_every_beginning_of_a_run_with_gates_is_like_the_whole(write_spec: WriteSpec, people: Path) -> None:
    spec = load_spec(write_spec("a", scenarios=200, more=watched(people, NEVER).replace("strength: 1", "strength: 2")))
    domain = domain_of(spec, people)
    whole = design_of(spec, domain)
    course = Course(spec, domain, whole, spread=True)
    scenarios = [course.scenario(ordinal) for ordinal in range(200)]
    assert [one.ordinal for one in scenarios] == list(range(200))
    assert sorted(one.seed for one in scenarios) == sorted(one.seed for one in whole)
    fixed = [one.drawn != "free" for one in scenarios]
    assert 0 < sum(fixed[:100]) < sum(fixed)


def test_fidelity_is_measured_at_the_end_and_stands_in_report_and_card(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=60, script="silent", more=watched(people, "[]")), tmp_path / "out"
    report = made(spec, out)
    assert report.fidelity is not None
    assert report.fidelity.n == (len(read_conversations([people])), report.summary.admitted)
    assert json.loads((out / "fidelity.json").read_text())["alarm"] is report.fidelity.alarm
    assert "<!doctype html>" in (out / "fidelity.html").read_text()
    assert "fidelity.html" in (out / "report.html").read_text()
    assert "like human conversations" in (out / "exports" / "README.md").read_text()
    before = (out / "fidelity.json").stat().st_mtime_ns
    made(spec, out)
    assert (out / "fidelity.json").stat().st_mtime_ns == before


def test_a_set_that_is_too_small_to_compare_is_told_and_exported(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=5, script="silent", more=watched(people, "[]")), tmp_path / "out"
    report = made(spec, out)
    assert report.ending == "complete"
    assert report.fidelity is None
    assert any("was not measured" in note for note in report.notes)
    assert exported(out) == report.summary.admitted


def test_another_reference_later_is_refused(write_spec: WriteSpec, people: Path, tmp_path: Path) -> None:
    spec, out = write_spec("a", scenarios=40, script="silent", more=watched(people, NEVER)), tmp_path / "out"
    made(spec, out)
    other = write_spec("other", scenarios=30, script="silent", more=shown(0.2))
    turnwright.load(other).run(tmp_path / "other-out")
    spec.write_text(spec.read_text().replace("people-out", "other-out"))
    with pytest.raises(RunFolderError, match="held against another reference"):
        made(spec, out)


def test_what_decides_the_order_of_a_run_cannot_be_changed_later(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    spec, out = write_spec("a", scenarios=40, script="silent", more=watched(people, NEVER)), tmp_path / "out"
    made(spec, out)
    text = spec.read_text()
    for change in (("batch: 40", "batch: 20"), (f"gates: {NEVER}", "gates: []")):
        spec.write_text(text.replace(*change))
        with pytest.raises(RunFolderError, match="monitor"):
            made(spec, out)


def test_without_the_extra_a_watched_run_is_refused_before_anything_is_sent_and_others_are_not_touched(
    write_spec: WriteSpec, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "NEEDED", ("a_module_that_nobody_has",))
    spec = write_spec("a", scenarios=10, script="silent", more=watched(people, "[]"))
    with pytest.raises(InputError, match="a_module_that_nobody_has is not installed") as caught:
        made(spec, tmp_path / "out")
    assert "turnwright[measure]" in caught.value.fix
    assert not (tmp_path / "out").exists()
    assert made(write_spec("b", scenarios=10, script="silent"), tmp_path / "b-out").ending == "complete"


@pytest.mark.parametrize(
    ("monitor", "why"),
    [
        ("monitor: {gates: [{when: 'act_mix <= 0.1'}]}", "name them in monitor.reference"),
        ("monitor: {reference: [x], gates: [{when: 'act_mix is small'}]}", "is no condition"),
        ("monitor: {reference: [x], batch: 3}", "greater than or equal to 10"),
        (
            "simulate: {way: naive, naive: {batch: 8}}\n"
            "monitor: {reference: [x], batch: 50, gates: [{when: 'act_mix <= 1'}]}",
            "multiple of 8",
        ),
    ],
)
def test_gates_that_cannot_be_asked_are_refused_when_the_spec_is_loaded(
    write_spec: WriteSpec, monitor: str, why: str
) -> None:
    with pytest.raises(SpecError, match=why):
        load_spec(write_spec("a", more=monitor))


def test_a_reference_that_cannot_be_read_is_refused_before_anything_is_sent(
    write_spec: WriteSpec, people: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text('{"turns": [{"role": "user", "text": "hello"}]}\n')
    unknown = "[{when: 'tail_retentoin >= 0.8'}]"
    for name, more in {
        "nowhere": watched(tmp_path / "nowhere.jsonl", NEVER),
        "few": watched(few, NEVER),
        "unknown": watched(people, unknown),
    }.items():
        spec = write_spec(name, script="silent", more=more)
        with pytest.raises(InputError):
            made(spec, tmp_path / f"out-{name}")
        assert not (tmp_path / f"out-{name}").exists()
        assert not (spec.parent / "calls.log").exists()
