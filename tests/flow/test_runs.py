"""Whole runs: what goes in, what comes out, and that it comes out the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flow_runs import WriteSpec, exports_of

import turnwright
from turnwright.engine import CallMade, Event
from turnwright.store import read_run


def test_a_run_gives_admitted_conversations_exports_and_a_report(write_spec: WriteSpec, tmp_path: Path) -> None:
    report = turnwright.load(write_spec(scenarios=30)).run(tmp_path / "out")
    assert report.ending == "complete"
    assert report.summary.concluded == 30
    assert report.summary.admitted >= 15
    assert report.summary.admitted + sum(report.summary.rejected.values()) == 30
    page = (tmp_path / "out" / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    lines = [line for path in (tmp_path / "out" / "exports" / "openai").glob("*.jsonl") for line in path.open()]
    assert all(json.loads(line) for line in lines)


def test_a_second_run_repeats_no_model_call(write_spec: WriteSpec, tmp_path: Path) -> None:
    factory = turnwright.load(write_spec(scenarios=20))
    first = factory.run(tmp_path / "out")
    before = exports_of(tmp_path / "out")
    events: list[Event] = []
    second = factory.run(tmp_path / "out", listen=events.append)
    assert not [event for event in events if isinstance(event, CallMade)]
    assert second.summary == first.summary
    assert exports_of(tmp_path / "out") == before


def test_concurrency_does_not_change_a_byte_of_the_exports(write_spec: WriteSpec, tmp_path: Path) -> None:
    for concurrency in (1, 64):
        spec = write_spec(f"c{concurrency}", scenarios=40, concurrency=concurrency)
        turnwright.load(spec).run(tmp_path / f"out{concurrency}")
    assert exports_of(tmp_path / "out1") == exports_of(tmp_path / "out64")


def test_another_seed_gives_another_set(write_spec: WriteSpec, tmp_path: Path) -> None:
    spec = write_spec("one", scenarios=10)
    turnwright.load(spec).run(tmp_path / "out1")
    spec.write_text(spec.read_text().replace("seed: 11", "seed: 12"))
    turnwright.load(spec).run(tmp_path / "out2")
    assert exports_of(tmp_path / "out1") != exports_of(tmp_path / "out2")


def test_the_words_come_from_the_model_and_say_so(write_spec: WriteSpec, tmp_path: Path) -> None:
    report = turnwright.load(write_spec(scenarios=20)).run(tmp_path / "out")
    assert report.summary.turns.get("model", 0) > 0
    for kept in report and turnwright.load(write_spec(scenarios=20)).dataset(tmp_path / "out"):
        for turn in kept.conversation.turns:
            if turn.provenance.origin == "model":
                assert turn.provenance.model
                assert turn.provenance.calls
                assert turn.provenance.prompt


def test_garbage_from_the_model_falls_back_to_the_domains_own_words(write_spec: WriteSpec, tmp_path: Path) -> None:
    report = turnwright.load(write_spec(scenarios=12, script="garbage")).run(tmp_path / "out")
    assert report.summary.turns.get("model", 0) == 0
    assert report.summary.turns["template"] > 0
    assert report.summary.admitted > 0


def test_garbage_in_an_interplay_becomes_rejections_with_a_reason(write_spec: WriteSpec, tmp_path: Path) -> None:
    spec = write_spec(scenarios=6, script="garbage", more="simulate: {way: interplay}")
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.summary.admitted == 0
    assert report.summary.concluded == 6
    assert any("ReplyUnreadable" in reason for reason in report.summary.rejected)


def test_a_call_cap_stops_in_order_and_a_higher_one_goes_on(write_spec: WriteSpec, tmp_path: Path) -> None:
    capped = turnwright.load(write_spec(scenarios=30, more="caps: {calls: 60}")).run(tmp_path / "out")
    assert capped.ending == "capped"
    assert capped.summary.total.calls <= 60
    whole = turnwright.load(write_spec(scenarios=30)).run(tmp_path / "out")
    assert whole.ending == "complete"
    plain = turnwright.load(write_spec("plain", scenarios=30)).run(tmp_path / "plain-out")
    assert exports_of(tmp_path / "out") == exports_of(tmp_path / "plain-out")
    assert whole.summary.total == plain.summary.total


def test_every_rejection_is_kept_whole_with_reason_and_cost(write_spec: WriteSpec, tmp_path: Path) -> None:
    turnwright.load(write_spec(scenarios=60)).run(tmp_path / "out")
    with read_run(tmp_path / "out") as run:
        rejected = list(run.records.concluded(admitted=False))
    assert rejected
    for concluded in rejected:
        assert concluded.admission.reason
        assert concluded.admission.detail
        if concluded.admission.stage in ("verify", "admit"):
            assert concluded.conversation is not None
            assert concluded.admission.usage.calls > 0


def test_the_dataset_streams_and_filters(write_spec: WriteSpec, tmp_path: Path) -> None:
    factory = turnwright.load(write_spec(scenarios=30))
    report = factory.run(tmp_path / "out")
    data = factory.dataset(tmp_path / "out")
    assert len(data) == report.summary.admitted
    calm = data.where(mood="calm")
    assert 0 < len(calm) < len(data)
    assert all(kept.scenario.levels["mood"] == "calm" for kept in calm)
    assert len(list(data.rejections())) == 30 - report.summary.admitted


async def test_a_run_can_be_awaited(write_spec: WriteSpec, tmp_path: Path) -> None:
    report = await turnwright.load(write_spec(scenarios=5)).arun(tmp_path / "out")
    assert report.summary.concluded == 5


@pytest.mark.parametrize("way", ["fill", "interplay"])
def test_planning_sends_nothing_and_writes_nothing(write_spec: WriteSpec, way: str) -> None:
    spec = write_spec(scenarios=50, more=f"simulate: {{way: {way}}}")
    report = turnwright.load(spec).plan()
    assert report.forecast.roles["user"].calls > 0
    assert report.coverage.share > 0.5
    assert sorted(path.name for path in spec.parent.iterdir()) == ["factory.yaml"]


def test_other_exports_can_be_had_of_a_run_that_is_done_without_a_call(write_spec: WriteSpec, tmp_path: Path) -> None:
    spec = write_spec(scenarios=12)
    turnwright.load(spec).run(tmp_path / "out")
    spec.write_text(spec.read_text().replace("[openai, sharegpt, trl]", "[sharegpt]"))
    events: list[Event] = []
    report = turnwright.load(spec).run(tmp_path / "out", listen=events.append)
    assert not [event for event in events if isinstance(event, CallMade)]
    assert {file.format for file in report.manifest.files} == {"sharegpt"}
    assert not (tmp_path / "out" / "exports" / "openai" / "train.jsonl").exists()
