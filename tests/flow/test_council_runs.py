"""Runs with a council and an arbiter: everything is kept, nobody guards itself, and equal runs stay equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flow_runs import WriteSpec, exports_of

import turnwright
from turnwright.domains import load_domain
from turnwright.engine import Event, Notice, load_spec
from turnwright.errors import SpecError
from turnwright.records import ClassLicence, Licence, Usage
from turnwright.store import read_run
from turnwright.verify import RUBRIC, Arbiter, ArbiterSettings
from turnwright.verify.licensing import rubric_hash, write_licence

COUNCIL = """\
refine: {council: true}
"""


@pytest.fixture
def council_spec(write_spec: WriteSpec) -> WriteSpec:
    """A spec with a quarrelsome council; `arbiter` names the script of an arbiter."""

    def write(name: str = "a", *, arbiter: str = "", more: str = "", **given: object) -> Path:
        path = write_spec(name, more=COUNCIL + more, **given)
        text = path.read_text()
        models = "  critic: {kind: scripted, script: quarrelsome}\n"
        roles = "{user: double, teacher: critic}"
        if arbiter:
            models += f"  judge: {{kind: scripted, script: {arbiter}}}\n"
            roles = "{user: double, teacher: critic, arbiter: judge}"
        text = text.replace("roles: {user: double, teacher: double}", f"{models}roles: {roles}")
        path.write_text(text)
        return path

    return write


def license_for(spec: Path, *defects: str, prompts: dict[str, str] | None = None) -> None:
    """Write a licence beside a spec, as an exam would that these classes passed."""
    loaded = load_spec(spec)
    domain = load_domain(loaded.domain, spec.parent)
    judge = loaded.models["judge"]
    earned = tuple(
        ClassLicence(
            defect=criterion.defect, criterion=criterion.name, planted=59, missed=0, miss_bound=0.0495,
            controls=29, alarms=0, alarm_bound=0.098, licensed=criterion.defect in defects,
        )
        for criterion in RUBRIC
    )  # fmt: skip
    licence = Licence(
        arbiters=(f"scripted:double:{judge.script}",),  # type: ignore[union-attr]
        tie=loaded.arbiter.tie,
        prompts=prompts or Arbiter(domain, {}, ArbiterSettings(), None).prompts,
        rubric=rubric_hash(RUBRIC),
        domain=domain.fingerprint,
        spec=loaded.id,
        examined="2026-01-01",
        classes=earned,
    )
    write_licence(spec.parent / "arbiter.licence.json", licence)


def test_a_council_changes_words_and_keeps_draft_objections_rulings_and_diffs(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    report = turnwright.load(council_spec(scenarios=30)).run(tmp_path / "out")
    figures = report.summary.debates
    assert figures.councils == report.summary.simulated
    assert figures.objections == figures.conceded + figures.rebutted > 0
    assert figures.revisions > 0
    with read_run(tmp_path / "out") as run:
        changed = [each for each in run.records.concluded(admitted=True) if each.draft is not None]
        assert changed
        for each in changed:
            assert each.council is not None
            assert each.council.draft_id == each.draft.id
            assert each.council.final_id == each.conversation.id == each.admission.conversation_id
            assert each.admission.council_id == each.council.id
            differing = {
                at
                for at, (old, new) in enumerate(zip(each.draft.turns, each.conversation.turns, strict=True))
                if old.text != new.text
            }
            assert differing == {revision.turn for revision in each.council.revisions}


def test_a_debated_run_gives_the_same_bytes_whatever_the_concurrency(council_spec: WriteSpec, tmp_path: Path) -> None:
    """A hundred scenarios: beyond the point where the order of the lenses is learned from the run."""
    for concurrency in (1, 32):
        spec = council_spec(f"c{concurrency}", scenarios=100, concurrency=concurrency, latency=0.001)
        turnwright.load(spec).run(tmp_path / f"out{concurrency}")
    assert exports_of(tmp_path / "out1") == exports_of(tmp_path / "out32")
    with read_run(tmp_path / "out1") as one, read_run(tmp_path / "out32") as other:
        assert [council.id for council in one.records.councils()] == [c.id for c in other.records.councils()]


def test_a_debated_run_that_was_capped_goes_on_as_if_nothing_had_been(council_spec: WriteSpec, tmp_path: Path) -> None:
    spec = council_spec(scenarios=120)
    turnwright.load(spec).run(tmp_path / "whole")
    text = spec.read_text()
    spec.write_text(text + "caps: {calls: 1600}\n")
    assert turnwright.load(spec).run(tmp_path / "parts").ending == "capped"
    with read_run(tmp_path / "parts") as run:
        assert 64 < run.records.done_up_to() < 120
    spec.write_text(text)
    assert turnwright.load(spec).run(tmp_path / "parts").ending == "complete"
    assert exports_of(tmp_path / "parts") == exports_of(tmp_path / "whole")


def test_every_call_is_booked_under_its_stage(council_spec: WriteSpec, tmp_path: Path) -> None:
    report = turnwright.load(council_spec(scenarios=20)).run(tmp_path / "out")
    with read_run(tmp_path / "out") as run:
        admissions = list(run.records.admissions())
    for admission in admissions:
        assert sum(admission.spent.values(), Usage()) == admission.usage
        assert set(admission.wasted) <= set(admission.spent)
    assert set(report.summary.stages) == {"simulate", "refine"}
    assert sum(stage.spent.calls for stage in report.summary.stages.values()) == sum(
        admission.usage.calls for admission in admissions
    )


def test_the_debates_leave_preference_pairs_whose_sides_differ_only_in_words(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    spec = council_spec(scenarios=30)
    text = spec.read_text().replace("[openai, sharegpt, trl]", "[trl, preference, critique]")
    spec.write_text(text)
    manifest = turnwright.load(spec).run(tmp_path / "out").manifest
    assert {file.format for file in manifest.files} >= {"trl", "preference", "critique"}
    path = tmp_path / "out" / "exports" / "preference" / "train.jsonl"
    for line in map(json.loads, path.read_text().splitlines()):
        chosen, rejected = line["chosen"][0], line["rejected"][0]
        assert chosen["role"] == rejected["role"] == "assistant"
        assert chosen["content"] != rejected["content"]
        assert line["prompt"]
        assert line["metadata"]["defects"]


def test_an_arbiter_without_a_licence_is_never_asked_and_the_run_says_so(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    heard: list[Event] = []
    spec = council_spec(scenarios=12, arbiter="suspicious")
    report = turnwright.load(spec).run(tmp_path / "out", listen=heard.append)
    notices = [event.text for event in heard if isinstance(event, Notice)]
    assert any("there is no licence at arbiter.licence.json" in text for text in notices)
    assert "arbiter" not in report.summary.usage
    assert report.summary.admitted > 0
    assert {"rudeness", "false_promise"} <= set(report.unguarded)
    assert "no arbiter rules here" in (tmp_path / "out" / "report.html").read_text()
    card = (tmp_path / "out" / "exports" / "README.md").read_text()
    assert "Unguarded" in card
    assert "rudeness" in card


def test_a_licensed_arbiter_rules_on_its_classes_and_on_no_other(council_spec: WriteSpec, tmp_path: Path) -> None:
    spec = council_spec(scenarios=12, arbiter="suspicious")
    license_for(spec, "rudeness")
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.summary.admitted == 0
    assert set(report.summary.rubric) == {"rudeness"}
    assert "rudeness" not in report.unguarded
    assert "unfairness" in report.unguarded
    with read_run(tmp_path / "out") as run:
        verdicts = list(run.records.verdicts())
    judged = [verdict for verdict in verdicts if verdict.rulings]
    assert judged
    assert {defect.found_by for verdict in judged for defect in verdict.defects} == {"arbiter"}


def test_an_arbiter_that_finds_nothing_lets_everything_in(council_spec: WriteSpec, tmp_path: Path) -> None:
    spec = council_spec(scenarios=12, arbiter="blind")
    license_for(spec, "rudeness", "unfairness")
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.summary.admitted == report.summary.simulated
    assert report.summary.rubric["unfairness"].asked == report.summary.simulated


def test_a_contested_objection_is_ruled_on_by_the_licensed_arbiter_else_by_the_check_of_its_class(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    spec = council_spec(scenarios=40, arbiter="suspicious")
    licensed = {criterion.defect for criterion in RUBRIC}
    license_for(spec, *licensed)
    figures = turnwright.load(spec).run(tmp_path / "out").summary.debates
    assert 0 < figures.overruled < figures.rebutted
    assert figures.lapsed == 0
    with read_run(tmp_path / "out") as run:
        rulings = [ruling for council in run.records.councils() for each in council.rounds for ruling in each.rulings]
    for ruling in rulings:
        assert (ruling.how, ruling.found) == (("vote", True) if ruling.defect in licensed else ("check", False))


def test_a_changed_prompt_voids_the_licence(council_spec: WriteSpec, tmp_path: Path) -> None:
    spec = council_spec(scenarios=6, arbiter="suspicious")
    loaded = load_spec(spec)
    prompts = Arbiter(load_domain(loaded.domain, spec.parent), {}, ArbiterSettings(), None).prompts
    license_for(spec, "rudeness", prompts=prompts | {"criterion": "prompt:000000000000"})
    heard: list[Event] = []
    report = turnwright.load(spec).run(tmp_path / "out", listen=heard.append)
    assert any("the prompt 'criterion' changed since the exam" in e.text for e in heard if isinstance(e, Notice))
    assert report.summary.rubric == {}
    assert "rudeness" in report.unguarded


def test_another_licence_is_another_run(council_spec: WriteSpec, tmp_path: Path) -> None:
    spec = council_spec(scenarios=6, arbiter="blind")
    license_for(spec, "rudeness")
    turnwright.load(spec).run(tmp_path / "out")
    license_for(spec, "rudeness", "unfairness")
    with pytest.raises(turnwright.errors.RunFolderError, match="licence"):
        turnwright.load(spec).run(tmp_path / "out")


def test_an_arbiter_of_the_teachers_model_is_refused_unless_the_spec_says_so(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    spec = council_spec(scenarios=6, arbiter="quarrelsome")
    with pytest.raises(SpecError, match="nothing guards itself"):
        turnwright.load(spec).run(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    spec.write_text(spec.read_text() + "arbiter: {allow_same_model: true}\n")
    turnwright.load(spec).run(tmp_path / "out")
    assert "guarded by itself" in (tmp_path / "out" / "report.html").read_text()


def test_pairs_are_exported_only_where_the_arbiter_prefers_them_in_both_orders(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    """An arbiter that says yes to everything prefers nothing: each order gives the other answer."""
    spec = council_spec(scenarios=20, arbiter="suspicious", more="arbiter: {confirm_pairs: true}\n")
    manifest = turnwright.load(spec).run(tmp_path / "out").manifest
    assert not [file for file in manifest.files if file.format == "preference"]


def test_an_arbiter_without_logprobs_is_read_by_its_words_and_the_run_says_so(
    council_spec: WriteSpec, tmp_path: Path
) -> None:
    spec = council_spec(scenarios=6, arbiter="wordy")
    license_for(spec, "rudeness")
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.notes == ("the arbiter scripted:double:wordy gives no logprobs: its answers are read from its words",)
    assert report.summary.rubric["rudeness"].unreadable == 0
    assert report.notes[0] in (tmp_path / "out" / "report.html").read_text()
