"""What a run's stages cost, what of it went into rejects, and what stopping early saved."""

from __future__ import annotations

from pathlib import Path

from turnwright.engine import summarise
from turnwright.records import Admission, Persona, Scenario, Stage, Usage
from turnwright.store import Concluded, open_run


def paid(tokens: int) -> Usage:
    return Usage(calls=1, prompt_tokens=tokens)


def concluded(
    ordinal: int, *, admitted: bool, stage: Stage = "admit", aborted: int = 0, attempts: int = 1, **spent: int
) -> Concluded:
    """A scenario that spent so many tokens at each stage."""
    usage = {stage: paid(tokens) for stage, tokens in spent.items()}
    admission = Admission(
        ordinal=ordinal, scenario_id=f"sc_{ordinal}", admitted=admitted, stage=stage,
        reason="admitted" if admitted else "leak", usage=sum(usage.values(), Usage()), spent=usage,
        wasted={} if admitted else usage, aborted=aborted, attempts=attempts,
    )  # fmt: skip
    scenario = Scenario(ordinal=ordinal, domain="shop@1", levels={}, persona=Persona(name="Ana"), seed=ordinal)
    return Concluded(scenario=scenario, admission=admission)


async def test_stages_say_what_they_cost_and_what_of_it_was_turned_down(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec={}, durability="process") as run:
        await run.records.conclude(concluded(0, admitted=True, simulate=100, refine=40))
        await run.records.conclude(concluded(1, admitted=False, stage="verify", simulate=200, refine=60, verify=10))
        figures = summarise(run, 2)
    assert {name: (cost.spent.tokens, cost.wasted.tokens) for name, cost in figures.stages.items()} == {
        "simulate": (300, 200),
        "refine": (100, 60),
        "verify": (10, 10),
    }
    assert list(figures.stages) == ["simulate", "refine", "verify"]
    assert figures.spent_on_rejects.tokens == 270


async def test_early_abort_is_held_against_the_mean_of_what_was_finished(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec={}, durability="process") as run:
        await run.records.conclude(concluded(0, admitted=True, simulate=100))
        await run.records.conclude(concluded(1, admitted=True, simulate=140))
        await run.records.conclude(concluded(2, admitted=False, stage="verify", aborted=1, simulate_aborted=30))
        abort = summarise(run, 3).abort
    assert (abort.aborted, abort.finished, abort.spent.tokens, abort.saved) == (1, 2, 30, 120 - 30)


async def test_without_a_finished_simulation_nothing_is_said_to_be_saved(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec={}, durability="process") as run:
        await run.records.conclude(concluded(0, admitted=False, stage="verify", aborted=1, simulate_aborted=30))
        abort = summarise(run, 1).abort
    assert (abort.aborted, abort.finished, abort.saved) == (1, 0, 0)
