"""The power benchmark's page says what its figures say, and its arithmetic is right."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from turnwright.reading import Example, Said

HERE = Path(__file__).parents[2] / "benchmarks" / "monitors"


@pytest.fixture(scope="module")
def scripts() -> Iterator[tuple[ModuleType, ModuleType]]:
    sys.path.insert(0, str(HERE))
    import page  # scripts' modules, found by their folder alone
    import run_power

    yield run_power, page
    sys.path.remove(str(HERE))
    for name in ("page", "run_power", "plantings"):
        sys.modules.pop(name, None)


def row(number: int, *, alarm: bool, p: float) -> dict[str, Any]:
    return {
        "repetition": number, "planted": "", "alarm": alarm, "p": {"act_mix": p}, "adjusted": {"act_mix": 2 * p},
        "left_out": {"user_act_mix": "no labels"}, "turns": {"acts": 0.01, "lengths": 0.5}, "seconds": 1.0,
    }  # fmt: skip


def result(power: ModuleType, alarms: int) -> dict[str, Any]:
    rows = [row(number, alarm=number < alarms, p=0.04 if number < alarms else 0.4) for number in range(20)]
    cells = [
        {"corpus": "STAR", "n": 100, "planting": name, **power.summary(rows)} for name in ("null", "rarest_10_deleted")
    ]
    return {
        "version": "v", "asked": {"repetitions": 20, "permutations": 199, "alpha": 0.05, "most": 1000},
        "plantings": {"null": "nothing", "rarest_10_deleted": "tails"},
        "monitors": {"act_mix": {"title": "Mix", "family": "cells", "side": "both"}}, "cells": cells,
        "false_alarms": cells[0]["panel"],
    }  # fmt: skip


def test_a_rate_has_the_exact_interval_of_clopper_and_pearson(scripts: tuple[ModuleType, ModuleType]) -> None:
    power, _ = scripts
    assert power.rate(0, 100) == {
        "hits": 0,
        "of": 100,
        "rate": 0.0,
        "low": 0.0,
        "high": pytest.approx(0.0362, abs=1e-4),
    }
    assert power.rate(95, 100)["low"] == pytest.approx(0.8872, abs=1e-4)


def test_a_monitor_counts_raw_and_shown_apart(scripts: tuple[ModuleType, ModuleType]) -> None:
    power, _ = scripts
    told = power.summary([row(0, alarm=True, p=0.01), row(1, alarm=False, p=0.04), row(2, alarm=False, p=0.4)])
    assert told["monitors"]["act_mix"]["raw"]["hits"] == 2
    assert told["monitors"]["act_mix"]["shown"]["hits"] == 1
    assert told["panel"]["hits"] == 1
    assert told["left_out"] == {"user_act_mix": "no labels"}


def test_the_page_says_whether_the_limits_are_met(scripts: tuple[ModuleType, ModuleType], tmp_path: Path) -> None:
    power, page = scripts
    (tmp_path / "power.json").write_text(json.dumps(result(power, alarms=1)), "utf-8")
    told = page.page_of(tmp_path)
    assert "n = 100: STAR 0.05; 0.90 asked for: not met." in told
    assert (
        "Alarms of the panel for nothing: 1 of 20 (0.050, interval 0.001 to 0.249); at most 0.06 asked for: met."
        in told
    )
    assert "less than 80% of the repetitions: `rarest_10_deleted` on STAR at n = 100 (0.05)." in told
    (tmp_path / "power.json").write_text(json.dumps(result(power, alarms=19)), "utf-8")
    told = page.page_of(tmp_path)
    assert "n = 100: STAR 0.95; 0.90 asked for: met." in told
    assert "nothing of the above" in told


def test_a_page_names_what_was_not_run_and_shows_other_results_as_they_are(
    scripts: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    _, page = scripts
    (tmp_path / "speed.json").write_text(
        json.dumps({"table": [["n", "s"], [10, 1.5]], "says": ["It is quick."]}), "utf-8"
    )
    told = page.page_of(tmp_path)
    assert "| 10 | 1.5 |" in told
    assert "- It is quick." in told
    assert "run_power.py" in told.split("Not run yet:")[1]


def test_a_repetition_that_was_cut_off_is_done_again(scripts: tuple[ModuleType, ModuleType], tmp_path: Path) -> None:
    power, _ = scripts
    path = tmp_path / "cell.jsonl"
    path.write_text(json.dumps(row(1, alarm=False, p=0.4)) + "\n" + '{"repetition": 0, "ala', "utf-8")
    assert [one["repetition"] for one in power.rows_kept(path, 100)] == [1]
    assert power.rows_kept(path, 1) == []


def test_turns_that_are_all_alike_within_conversations_fool_a_test_of_turns(
    scripts: tuple[ModuleType, ModuleType],
) -> None:
    power, _ = scripts

    def side(act: str, length: int) -> list[Example]:
        turns = [Said(role="user", text="word " * length), Said(role="assistant", text="yes", act=act)] * 30
        return [Example(name=act, task="t", turns=tuple(turns))]

    found = power.turn_level(side("offer", 3) + side("ask", 5), side("offer", 3) + side("offer", 4))
    assert found["acts"] < 0.001, "one conversation that runs otherwise is thirty turns"
    assert power.turn_level(side("ask", 3), side("ask", 3)) == {"acts": 1.0, "lengths": 1.0}


@pytest.mark.skipif(not list((HERE / "results").glob("*.json")), reason="the benchmark has not been run yet")
def test_the_written_page_is_what_the_results_say(scripts: tuple[ModuleType, ModuleType]) -> None:
    _, page = scripts
    written = (HERE / "README.md").read_text("utf-8") if (HERE / "README.md").exists() else ""
    assert written == page.page_of(HERE / "results"), "run: python benchmarks/monitors/page.py"
