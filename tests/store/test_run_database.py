"""The run database: whole scenarios, in order, and found again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_samples import SPEC, USAGE, conclude_all, concluded

from turnwright.errors import InputError, StoreError
from turnwright.records import Admission, Persona, Scenario, Usage
from turnwright.store import Concluded, Run, Signature, open_run, read_run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run", spec=SPEC, durability="process") as opened:
        yield opened


async def test_everything_of_a_scenario_comes_back_as_it_was(run: Run) -> None:
    bare = Scenario(ordinal=1, domain="shop@1", levels={}, persona=Persona(name="N"), seed=1)
    never_planned = Admission(ordinal=1, scenario_id=bare.id, admitted=False, stage="plan", reason="impossible")
    wanted = [concluded(0), Concluded(scenario=bare, admission=never_planned), concluded(2, admitted=False)]
    for each in wanted:
        await run.records.conclude(each)
    assert list(run.records.concluded()) == wanted
    assert run.records.concluded_at(2).failures[0].error == "EndpointFault"


async def test_the_next_ordinal_is_known_after_the_run_is_opened_again(run: Run) -> None:
    assert run.records.done_up_to() == 0
    await conclude_all(run, range(5))
    run.close()
    with read_run(run.folder.path) as again:
        assert again.records.done_up_to() == 5


@pytest.mark.parametrize("ordinal", [0, 1, 3, 9])
async def test_a_scenario_out_of_turn_is_refused_whole(run: Run, ordinal: int) -> None:
    await conclude_all(run, range(2))
    with pytest.raises(StoreError, match="out of turn"):
        await run.records.conclude(concluded(ordinal, admitted=False), skeleton="s")
    assert list(run.records.concluded()) == [concluded(0), concluded(1)]
    assert run.records.novelty.skeleton_count("s") == 0


async def test_when_one_scenario_cannot_be_written_those_after_it_wait_for_it(run: Run) -> None:
    bad = concluded(1)
    impossible = Admission(
        ordinal=1, scenario_id="s", admitted=False, stage="plan", reason="x", usage=Usage(money=1 << 66)
    )
    bad = Concluded(scenario=bad.scenario, admission=impossible)
    wanted = (concluded(0), bad, concluded(2))
    results = await asyncio.gather(*(run.records.conclude(each) for each in wanted), return_exceptions=True)
    assert results[0] is None
    assert all(isinstance(result, Exception) for result in results[1:])
    assert run.records.done_up_to() == 1


async def test_admitted_and_rejected_are_streamed_in_the_order_of_the_design(run: Run) -> None:
    for ordinal in range(200):
        await run.records.conclude(concluded(ordinal, admitted=ordinal % 3 == 0))
    records = run.records
    assert [each.ordinal for each in records.admissions()] == list(range(200))
    assert [each.ordinal for each in records.admissions(admitted=False, start=195)] == [196, 197, 199]
    taken = [concluded(ordinal).conversation for ordinal in range(0, 200, 3)]
    assert list(records.conversations(admitted=True)) == taken
    assert [each.scenario.ordinal for each in records.concluded(admitted=True)] == list(range(0, 200, 3))
    assert len(list(records.failures())) == 133


async def test_reading_and_writing_can_be_mixed(run: Run) -> None:
    await conclude_all(run, range(70))
    seen = []
    for each in run.records.admissions():
        seen.append(each.ordinal)
        if each.ordinal == 10:
            await conclude_all(run, range(70, 150))
    assert seen == list(range(150))


async def test_a_record_is_found_by_the_beginning_of_its_id_with_or_without_its_kind(run: Run) -> None:
    await conclude_all(run, range(3))
    wanted = concluded(1).conversation
    assert wanted is not None
    for prefix in (wanted.id, wanted.id[:16], wanted.id[3:16]):
        assert run.records.find(prefix) == wanted
    assert run.records.ordinal_of(wanted.id) == 1
    assert run.records.ordinal_of("cv_0") is None


async def test_a_beginning_that_several_share_is_refused_with_their_ids(run: Run) -> None:
    await conclude_all(run, range(40))
    with pytest.raises(InputError, match=r"'cv_' is not enough.*cv_[0-9a-f]{32} \(scenario \d+\), .*, \.\.\."):
        run.records.find("cv_")


@pytest.mark.parametrize("prefix", ["", "cv_xyz", "zz_1", "%", "cv_%", "' OR 1=1 --", "~"])
async def test_an_unknown_id_is_an_input_error(run: Run, prefix: str) -> None:
    await conclude_all(run, range(2))
    with pytest.raises(InputError, match="no record has an id"):
        run.records.find(prefix)


def test_a_scenario_that_is_not_concluded_is_an_input_error(run: Run) -> None:
    with pytest.raises(InputError, match="scenario 7 has not been concluded"):
        run.records.concluded_at(7)


async def test_outcomes_and_cost_are_counted_by_stage_and_reason(run: Run) -> None:
    ends = [("admit", "admitted"), ("verify", "role_flip"), ("verify", "role_flip"), ("admit", "near_duplicate")]
    for ordinal, (stage, reason) in enumerate(ends):
        await run.records.conclude(concluded(ordinal, admitted=reason == "admitted", stage=stage, reason=reason))
    assert list(run.records.outcomes().items()) == [
        (("admit", "admitted"), 1),
        (("verify", "role_flip"), 2),
        (("admit", "near_duplicate"), 1),
    ]
    assert run.records.usage_by_stage() == {"admit": USAGE + USAGE, "verify": USAGE + USAGE}
    assert run.records.admitted() == 1


async def test_values_of_the_run_are_kept_and_replaced(run: Run) -> None:
    assert run.records.meta("drawn") is None
    await run.records.put_meta("drawn", b"1")
    await run.records.put_meta("drawn", b"2")
    assert run.records.meta("drawn") == b"2"


async def test_conversations_that_share_a_band_are_candidates(run: Run) -> None:
    top = (1 << 64) - 1  # unsigned hashes fit as well
    bands = [(1, 2, top), (1, 5, 6), (7, 8, top), (2, 1, 0)]
    for ordinal, values in enumerate(bands):
        await run.records.conclude(concluded(ordinal), signature=Signature(values, b"%d" % ordinal))
    await run.records.conclude(concluded(4))
    novelty = run.records.novelty
    assert novelty.candidates((1, 9, 9)) == [0, 1]
    assert novelty.candidates((7, 5, top)) == [0, 1, 2]
    assert novelty.candidates((7, 5, top), limit=2) == [0, 1]
    assert novelty.candidates((5, 1, 2)) == [3]
    assert novelty.candidates((9, 9, 9)) == novelty.candidates(()) == []
    assert novelty.signature_of(2) == b"2"
    assert novelty.signature_of(4) is None
    wanted = concluded(1).conversation
    assert wanted is not None
    assert novelty.conversation_id_of(1) == wanted.id
    assert novelty.conversation_id_of(99) == ""


async def test_skeletons_are_counted_also_within_one_commit(run: Run) -> None:
    await asyncio.gather(
        *(run.records.conclude(concluded(n), skeleton="common" if n % 2 else f"own {n}") for n in range(20))
    )
    assert run.records.novelty.skeleton_count("common") == 10
    assert run.records.novelty.skeleton_count("own 4") == 1
    assert run.records.novelty.skeleton_count("none") == 0


async def test_candidates_are_found_by_the_index_and_not_by_reading_all(run: Run) -> None:
    plan = run._database.rows(
        "EXPLAIN QUERY PLAN WITH wanted (band, value) AS (VALUES (0, ?), (1, ?)) SELECT DISTINCT ordinal "
        "FROM wanted CROSS JOIN bands USING (band, value) ORDER BY ordinal LIMIT 9",
        1,
        2,
    )
    assert any("SEARCH bands USING PRIMARY KEY (band=? AND value=?)" in row[3] for row in plan)
