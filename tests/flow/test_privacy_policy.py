"""Personal data that no scenario gave: refused, masked or counted, as the spec says."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from flow_runs import WriteSpec, exports_of

import turnwright
from turnwright.domains import load_domain
from turnwright.engine import domain_of
from turnwright.engine.flow import Made
from turnwright.engine.privacy import Screening, kept_private, notes_on_personal_data
from turnwright.models import Request
from turnwright.models.playing import fair_clerk, frank_caller
from turnwright.models.scripts import SCRIPTS
from turnwright.records import (
    Conversation,
    Council,
    Defect,
    Objection,
    Provenance,
    Revision,
    Round,
    Turn,
    Verdict,
    canonical,
)
from turnwright.store import Concluded, read_run
from turnwright.store.packing import unpack

STRANGER = "jane.roe77@gmail.com"
LENIENT = """\
simulate: {way: interplay}
verify: {skip: [values, form, course, calls, gold, policy, acts, repetition, roles, language, leaks, replay]}
"""
Run = Callable[..., Path]


def leaky_caller(request: Request) -> str:
    """Plays the user, and remembers somebody else's address."""
    said = frank_caller(request)
    return said.replace("Details:", f"Or write to {STRANGER}. Details:")


def confused_clerk(request: Request) -> str:
    """Plays the teacher, and looks somebody else up."""
    return re.sub(r'"order_id": ?"[^"]*"', f'"order_id":"{STRANGER}"', fair_clerk(request))


@pytest.fixture
def run(write_spec: WriteSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a talk between a caller who gives somebody away and a fair clerk; returns the run's folder."""
    for script in (leaky_caller, confused_clerk):
        monkeypatch.setitem(SCRIPTS, script.__name__, script)

    def started(policy: str = "", *, caller: str = "leaky_caller", clerk: str = "fair_clerk") -> Path:
        privacy = f"privacy: {{personal_data: {policy}}}\n" if policy else ""
        name = f"{policy or 'usual'}-{caller}-{clerk}"
        spec = write_spec(name, scenarios=30, script=caller, more=LENIENT + privacy)
        text = spec.read_text().replace("roles: {", f"  clerk: {{kind: scripted, script: {clerk}}}\nroles: {{")
        spec.write_text(text.replace("teacher: double", "teacher: clerk"))
        turnwright.load(spec).run(tmp_path / f"out-{spec.parent.name}")
        return tmp_path / f"out-{spec.parent.name}"

    return started


def concluded(folder: Path, *, admitted: bool) -> list[Concluded]:
    with read_run(folder) as opened:
        return list(opened.records.concluded(admitted=admitted))


def kept_words(folder: Path) -> bytes:
    """All that stands in records, exports and report; the journal keeps replies as they came."""
    parts = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.startswith("run.db")]
    with closing(sqlite3.connect(folder / "run.db")) as opened:
        parts += [unpack(body) for (body,) in opened.execute("SELECT body FROM records")]
    return b"\n".join(parts)


def test_personal_data_that_no_scenario_gave_is_refused_unless_the_spec_says_otherwise(run: Run) -> None:
    folder = run()
    refused = [one for one in concluded(folder, admitted=False) if one.admission.reason == "personal_data"]
    assert len(refused) >= 5
    for one in refused:
        assert one.conversation is not None
        assert one.admission.stage == "admit"
        assert one.admission.conversation_id == one.conversation.id
        assert one.admission.detail == "1 email (turn 0) that nothing in the scenario gave"
    assert STRANGER not in "".join(one.admission.detail for one in refused)
    for one in concluded(folder, admitted=True):
        assert one.conversation is not None
        assert STRANGER not in one.conversation.text
    assert STRANGER.encode() not in b"".join(path.read_bytes() for path in (folder / "exports").rglob("*.jsonl"))


def test_masked_words_are_an_edit_of_the_turn_that_the_model_wrote(run: Run) -> None:
    plain = {one.scenario.id: one for one in concluded(run("allow"), admitted=True)}
    folder = run("mask")
    masked = concluded(folder, admitted=True)
    assert len(masked) >= 5
    for one in masked:
        before, after = plain[one.scenario.id].conversation, one.conversation
        assert before is not None
        assert after is not None
        first = after.turns[0]
        assert first.text == before.turns[0].text.replace(STRANGER, "[EMAIL]")
        assert "@x.org" in first.text or "@" not in first.text, "the scenario's own address stays"
        assert first.provenance.origin == "model-edited"
        assert first.provenance.parents == (before.turns[0].id,)
        assert first.provenance.distance
        assert after.turns[1:] == before.turns[1:]
        assert one.verdict is not None
        assert one.verdict.conversation_id == after.id == one.admission.conversation_id
    assert STRANGER.encode() not in kept_words(folder)
    assert b"[EMAIL]" in kept_words(folder)


def test_a_call_that_carries_a_strangers_data_cannot_be_masked_and_is_refused(run: Run) -> None:
    folder = run("mask", caller="frank_caller", clerk="confused_clerk")
    reasons = [one.admission.reason for one in concluded(folder, admitted=False)]
    assert reasons.count("personal_data") >= 3
    for one in concluded(folder, admitted=True):
        assert one.conversation is not None
        assert STRANGER not in str(one.conversation)


def test_data_that_is_allowed_is_counted(run: Run, write_spec: WriteSpec) -> None:
    folder = run("allow")
    admitted = concluded(folder, admitted=True)
    held = sum(one.conversation is not None and STRANGER in one.conversation.text for one in admitted)
    assert held >= 5
    domain = domain_of(turnwright.load(write_spec("any")).spec, folder)
    with read_run(folder) as opened:
        (note,) = notes_on_personal_data(opened, "allow", domain)
        assert f"{held} email in {held} admitted conversations" in note
        assert notes_on_personal_data(opened, "refuse", domain) == ()


def test_what_a_scenario_gives_is_nobodys_and_passes(write_spec: WriteSpec, tmp_path: Path) -> None:
    spec = write_spec(scenarios=60, domain="telecom_support")
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.summary.admitted >= 50
    assert not [reason for reason in report.summary.rejected if "personal" in str(reason)]


def test_the_policy_that_is_usual_changes_no_byte_where_nothing_is_found(write_spec: WriteSpec, tmp_path: Path) -> None:
    for name, more in (("usual", ""), ("refuse", "privacy: {personal_data: refuse}")):
        turnwright.load(write_spec(name, more=more)).run(tmp_path / name / "out")
    assert exports_of(tmp_path / "usual" / "out") == exports_of(tmp_path / "refuse" / "out")


@pytest.fixture
def told(write_spec: WriteSpec, tmp_path: Path) -> tuple[Concluded, Screening]:
    """A conversation of a customer whose phone number and date of birth the scenario gives."""
    spec = write_spec("told", scenarios=40, domain="telecom_support")
    turnwright.load(spec).run(tmp_path / "told-out")
    domain = domain_of(turnwright.load(spec).spec, tmp_path)
    for one in concluded(tmp_path / "told-out", admitted=True):
        if one.blueprint and any(fact.slot == "phone_number" for fact in one.blueprint.facts):
            return one, Screening(one.blueprint, one.scenario, domain)
    pytest.fail("no conversation tells a phone number")


def saying(one: Concluded, *texts: str) -> Conversation:
    assert one.conversation is not None
    made = Provenance(origin="human", parents=("sy_1",))
    turns = tuple(Turn(role="user", text=text, provenance=made) for text in texts)
    return msgspec.structs.replace(one.conversation, turns=turns)


def test_a_value_is_known_again_however_it_is_written(told: tuple[Concluded, Screening]) -> None:
    one, screening = told
    assert one.blueprint is not None
    digits = "".join(
        letter for fact in one.blueprint.facts if fact.slot == "phone_number" for letter in str(fact.value)
        if letter.isdigit()
    )[-10:]  # fmt: skip
    for written in (f"({digits[:3]}) {digits[3:6]}-{digits[6:]}", f"+1 {digits[:3]}.{digits[3:6]}.{digits[6:]}"):
        assert screening.found(saying(one, f"my phone number is {written}")) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("call me at (212) 736-5000", "phone"),
        ("I was born on March 3, 1961", "birth_date"),
        ("my address is 350 Fifth Avenue, Apt 4", "address"),
        ("pay with 4539 1488 0343 6467", "card"),
        (f"write to {STRANGER}", "email"),
    ],
)
def test_a_value_of_any_kind_from_elsewhere_is_found_and_masked(
    text: str, kind: str, told: tuple[Concluded, Screening]
) -> None:
    one, screening = told
    conversation = saying(one, "hello", text)
    assert [(each.turn, each.kind) for each in screening.found(conversation)] == [(1, kind)]
    masked = screening.masked(conversation)
    assert f"[{kind.upper()}]" in masked.turns[1].text
    assert masked.turns[0] == conversation.turns[0]
    assert masked.turns[1].provenance.origin == "human-edited"
    assert masked.turns[1].provenance.parents == (conversation.turns[1].id, "sy_1")
    assert screening.found(masked) == []
    assert screening.masked(masked) is masked


def test_all_that_is_kept_of_a_masked_scenario_is_masked_and_still_fits_together(
    told: tuple[Concluded, Screening], tmp_path: Path
) -> None:
    one, _ = told
    assert one.blueprint is not None
    assert one.verdict is not None
    domain = load_domain(one.blueprint.domain.partition("@")[0], tmp_path)
    draft, final = saying(one, f"hi, {STRANGER}", "yes"), saying(one, f"hello, {STRANGER}", "yes")
    objection = Objection(id="o1", lens="clarity", defect="rudeness", turns=(0,), quote=f"hi, {STRANGER}")
    revision = Revision(objection="o1", turn=0, before=draft.turns[0], after=final.turns[0])
    council = Council(
        draft_id=draft.id, final_id=final.id, ending="agreed",
        rounds=(Round(objections=(objection,), revisions=(revision,)),),
    )  # fmt: skip
    defect = Defect(kind="rudeness", severity="fault", turns=(0,), evidence=f"'{STRANGER}'", found_by="arbiter")
    verdict = msgspec.structs.replace(one.verdict, conversation_id=final.id)
    made = Made(
        scenario=one.scenario, blueprint=one.blueprint, draft=draft, conversation=final, verdict=verdict,
        councils=(council,), drafts=(draft,),
        earlier=((draft, Verdict(conversation_id=draft.id, checks=("form",), defects=(defect,))),),
    )  # fmt: skip
    assert kept_private(made, "allow", domain) is made
    refused = kept_private(made, "refuse", domain)
    assert refused.conversation is final, "a rejection is kept whole"
    beside = (refused.draft, refused.drafts, refused.earlier, refused.councils)
    assert STRANGER.encode() not in canonical(beside), "what stands beside it may be trained on"
    assert refused.councils[0].final_id == final.id
    masked = kept_private(made, "mask", domain)
    assert STRANGER.encode() not in canonical(masked)
    assert masked.conversation is not None
    assert masked.draft is not None
    assert masked.verdict is not None
    (kept,), ((before, turned_down),) = masked.councils, masked.earlier
    assert (kept.draft_id, kept.final_id) == (masked.draft.id, masked.conversation.id)
    assert masked.verdict.conversation_id == masked.conversation.id
    assert turned_down.conversation_id == before.id
    assert kept.objections[0].quote == "hi, [EMAIL]"
    assert turned_down.defects[0].evidence == "'[EMAIL]'"
