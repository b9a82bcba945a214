"""The page of the outcome benchmark is what its figures say, and says what is missing."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "outcome" / "results"
PAGE = runpy.run_path(str(ROOT / "benchmarks" / "outcome" / "page.py"))


def test_the_results_page_is_what_the_results_say() -> None:
    written = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert written == PAGE["page_of"](RESULTS), "run: python benchmarks/outcome/page.py"


def test_the_readme_shows_what_the_results_say() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert PAGE["block_of"](RESULTS) in readme, "run: python benchmarks/outcome/page.py"


def test_a_page_without_figures_says_what_was_not_run(tmp_path: Path) -> None:
    page = PAGE["page_of"](tmp_path)
    assert "Missing on this page, since it was not run: arms, decomposition, lost." in page
    assert "Not measured yet." in page


@pytest.mark.skipif(not (RESULTS / "arms.json").exists(), reason="the benchmark has not been run yet")
def test_every_arm_has_figures_or_the_reason_why_it_has_none() -> None:
    page = PAGE["page_of"](RESULTS)
    for row in json.loads((RESULTS / "arms.json").read_text(encoding="utf-8"))["rows"]:
        assert ("wF1" in row) != ("missing" in row)
        assert row["arm"] in page
        assert "missing" not in row or row["missing"] in page


def test_no_result_names_a_path_of_the_machine_that_made_it() -> None:
    for path in RESULTS.glob("*.json"):
        assert not re.search(r"(?<![\w.])/\w+/\w+", path.read_text(encoding="utf-8"))
