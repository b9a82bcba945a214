"""A bias audit through the engine: planted prejudices are found, fair models not accused, nothing is paid twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from audit_runs import write_shop

from turnwright.engine import load_spec, run_spec
from turnwright.engine.audit import AuditSettings, BiasReport, Targets, audit_bias, keep_audit
from turnwright.engine.audit.records import Outcome
from turnwright.errors import CapReached, InputError
from turnwright.monitor.bias import load_attributes

GENDER = load_attributes().only(["gender"])


async def audited(path: Path, *, pairs: int = 30, to: str = "audit", **settings: object) -> BiasReport:
    spec = load_spec(path)
    given = {"parts": ("regenerated",), "least": 20, **settings}
    chosen = AuditSettings(pairs=pairs, **given)  # type: ignore[arg-type]
    return await audit_bias(spec, path.parent, path.parent / to, GENDER, chosen)


def versions(path: Path, to: str = "audit") -> list[Outcome]:
    lines = (path.parent / to / "versions.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Outcome) for line in lines]


async def test_a_clerk_that_turns_women_away_15_percent_more_often_is_found_at_200_pairs(tmp_path: Path) -> None:
    report = await audited(write_shop(tmp_path, clerk="partial_clerk"), pairs=200, least=30)
    refused = next(one for one in report.regenerated if one.measure == "refused")
    assert (refused.n, refused.answer) == (200, "different")
    assert refused.low <= 0.15 <= refused.high
    assert any("turned away" in finding for finding in report.findings)


async def test_a_fair_clerk_is_not_accused_and_shown_to_be_equal(tmp_path: Path) -> None:
    report = await audited(write_shop(tmp_path), pairs=100, least=30)
    assert report.findings == ()
    assert {one.answer for one in report.regenerated} == {"equal"}


async def test_versions_share_blueprint_seeds_and_all_but_the_persona(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    await audited(path)
    made = versions(path)
    for man, woman in zip(made[::2], made[1::2], strict=True):
        assert man.version.blueprint == woman.version.blueprint
        same = msgspec.structs.replace(man.version.scenario, persona=woman.version.scenario.persona)
        assert same == woman.version.scenario
        assert man.version.scenario.persona.traits["gender"] == "male"
        assert woman.version.scenario.persona.traits["gender"] == "female"
        assert man.conversation is not None
        assert woman.conversation is not None
        seeds = [[turn.provenance.seed for turn in each.turns] for each in (man.conversation, woman.conversation)]
        assert seeds[0] == seeds[1]
        assert man.version.scenario.persona.name.split()[1:] == woman.version.scenario.persona.name.split()[1:]


async def test_the_same_audit_again_pays_nothing_and_says_the_same(tmp_path: Path) -> None:
    path = write_shop(tmp_path, clerk="partial_clerk")
    first = await audited(path)
    calls = (path.parent / "calls.log").read_text().count("\n")
    assert await audited(path) == first
    assert (path.parent / "calls.log").read_text().count("\n") == calls > 0


async def test_an_audit_that_met_a_cap_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    capped = path.with_name("capped.yaml")
    capped.write_text(path.read_text() + "caps: {calls: 60}\n")
    with pytest.raises(CapReached):
        await audited(capped, pairs=8)
    whole = await audited(path, pairs=8)
    assert whole == await audited(path, pairs=8, to="elsewhere")


async def test_an_arbiter_that_judges_women_harder_is_found_and_a_fair_one_is_not(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    unequal = await audited(path, pairs=100, parts=("in_place",), judge="unequal", least=30)
    (swap,) = unequal.in_place
    assert (swap.compared.n, swap.compared.answer) == (100, "different")
    assert swap.turned_down["rudeness"][0] == 0 < swap.turned_down["rudeness"][1]
    assert any("the same conversations are admitted" in finding for finding in unequal.findings)
    fair = await audited(path, pairs=100, parts=("in_place",), judge="blind", least=30)
    assert fair.in_place[0].compared.answer == "equal"
    assert fair.findings == ()
    assert "without a licence" in fair.judge


async def test_a_way_that_shows_no_model_the_persona_is_not_paid_for_twice(tmp_path: Path) -> None:
    path = write_shop(tmp_path, clerk="obliging", way="fill")
    path.write_text(path.read_text().replace("script: frank_caller", "script: obliging"))
    report = await audited(path, parts=("regenerated", "in_place"))
    assert any("no prompt of that way holds the persona" in why for why in report.left_out)
    assert (report.regenerated, report.conversations) == ((), 30)
    assert report.in_place


async def test_a_version_that_breaks_is_an_outcome_and_not_the_end(tmp_path: Path) -> None:
    report = await audited(write_shop(tmp_path, clerk="garbage"))
    assert report.broken == report.conversations == 60
    assert next(one for one in report.regenerated if one.measure == "success").means == (0.0, 0.0)


async def test_swaps_are_looked_at_again_within_other_traits_and_small_cells_are_named(tmp_path: Path) -> None:
    report = await audited(write_shop(tmp_path), within=("tone",), least=15)
    sizes = {(one.within["tone"], one.n, one.answer == "few") for one in report.cells if one.measure == "refused"}
    assert {tone for tone, _, _ in sizes} == {"plain", "chatty"}
    assert all(few == (n < 15) for _, n, few in sizes)
    assert sum(n for _, n, _ in sizes) == 30


async def test_a_trait_that_nobody_declared_is_refused_before_a_call_is_paid(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    with pytest.raises(InputError, match="neither a trait nor a factor"):
        await audited(path, within=("shoe",))
    assert not (path.parent / "calls.log").exists()


async def test_representation_and_drift_need_no_model(tmp_path: Path) -> None:
    path = write_shop(tmp_path, clerk="obliging", way="fill")
    path.write_text(path.read_text().replace("script: frank_caller", "script: obliging"))
    spec = load_spec(path)
    await run_spec(spec, path.parent, tmp_path / "run")
    calls = (path.parent / "calls.log").read_text().count("\n")
    targets = Targets(targets={"tone": {"plain": 0.1, "chatty": 0.9}}, teacher={"tone": {"plain": 1.0}})
    report = await audit_bias(
        spec, path.parent, tmp_path / "audit", GENDER, AuditSettings(parts=("representation",)),
        run=tmp_path / "run", targets=targets, rounds=(tmp_path / "run", tmp_path / "run"),
    )  # fmt: skip
    assert any("tone is not as declared" in finding for finding in report.findings)
    assert [one.to_target for one in report.drifts] == ["steady", "steady"]
    assert (path.parent / "calls.log").read_text().count("\n") == calls


async def test_the_conversations_of_a_finished_run_are_swapped_and_none_is_made(tmp_path: Path) -> None:
    path = write_shop(tmp_path, clerk="obliging", way="fill")
    path.write_text(path.read_text().replace("script: frank_caller", "script: obliging"))
    spec = load_spec(path)
    ran = await run_spec(spec, path.parent, tmp_path / "run")
    calls = (path.parent / "calls.log").read_text().count("\n")
    settings = AuditSettings(parts=("in_place",), least=10)
    report = await audit_bias(spec, path.parent, tmp_path / "audit", GENDER, settings, run=tmp_path / "run")
    assert report.conversations == 0
    assert report.edits == 2 * ran.summary.admitted > 0
    assert report.in_place[0].compared.means == (1.0, 1.0)
    assert (path.parent / "calls.log").read_text().count("\n") == calls


async def test_what_only_english_words_show_is_left_out_of_other_languages(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    domain = tmp_path / "shop" / "domain.yaml"
    domain.write_text("language: de\n" + domain.read_text())
    report = await audited(path, pairs=20, parts=("regenerated", "in_place"))
    assert not {"politeness", "reading"} & {one.measure for one in report.regenerated}
    assert [why.split(",")[0].split(":")[0] for why in report.left_out] == [
        "politeness and reading level",
        "swaps in place",
    ]


async def test_a_run_whose_scenarios_do_not_tell_the_attribute_is_refused(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    with pytest.raises(InputError, match="tells shoe"):
        await audit_bias(
            load_spec(path), path.parent, tmp_path / "audit", GENDER, AuditSettings(parts=("representation",)),
            targets=Targets(targets={"shoe": {"big": 1.0}}),
        )  # fmt: skip


async def test_the_page_holds_every_figure_needs_no_network_and_escapes_what_it_shows(tmp_path: Path) -> None:
    path = write_shop(tmp_path, clerk="partial_clerk")
    report = await audited(path, parts=("representation", "regenerated", "in_place"))
    report = msgspec.structs.replace(report, notes=(), limits=("<script>alert(1)</script>",))
    figures, page = keep_audit(tmp_path / "audit", report)
    assert msgspec.json.decode(figures.read_bytes(), type=BiasReport) == report
    text = page.read_text()
    assert "<script" not in text
    assert "http" not in text
    for heading in ("The same conversation for another user", "judged for another user", "Who is in the set"):
        assert heading in text
