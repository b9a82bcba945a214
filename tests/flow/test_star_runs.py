"""Task graphs of another format become sets of admitted conversations, without a hand on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flow_runs import WriteSpec

import turnwright
from turnwright.domains.importers import IMPORTERS

STAR = Path(__file__).parents[3] / "shared" / "data" / "star"
TASKS = [
    "bank_balance", "bank_fraud_report", "plane_book", "plane_search", "restaurant_book", "restaurant_search",
    "spaceship_access_codes", "trip_directions", "trivia", "weather",
]  # fmt: skip


@pytest.fixture(scope="module")
def domains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All ten tasks, imported from schema, API and graph alone."""
    if not (STAR / "tasks").is_dir():
        pytest.skip("the STAR task graphs are not beside the repository")
    folder = tmp_path_factory.mktemp("star")
    IMPORTERS["star"](STAR, folder / "domains")
    return folder / "domains"


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_each_star_task_gives_a_hundred_admitted_conversations_with_the_graphs_own_acts(
    domains: Path, task: str, write_spec: WriteSpec, tmp_path: Path
) -> None:
    folder = next(path for path in domains.iterdir() if task in path.name)
    words = "simulate: {fill: {tries: 1}}"
    spec = write_spec(task, scenarios=125, concurrency=16, script="silent", domain=str(folder), more=words)
    report = turnwright.load(spec).run(tmp_path / "out")
    assert report.summary.admitted >= 100, report.summary.rejected
    graph = json.loads((STAR / "tasks" / f"{task}.json").read_text())
    own = set(graph["replies"]) | set(graph["graph"])
    for kept in turnwright.load(spec).dataset(tmp_path / "out"):
        acts = {act for turn in kept.conversation.turns if turn.role == "assistant" for act in turn.acts}
        assert acts <= own
