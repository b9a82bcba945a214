"""What the tests of verification share: a small bank, and clean conversations of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bank_cases import BANK, Case, Make, conversation_of

from turnwright.domains import STANDARD_FACTORS, Domain, load_domain
from turnwright.errors import Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.records import Persona, Scenario, seeded


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    folder: Path = tmp_path_factory.mktemp("domains") / "bank"
    folder.mkdir()
    (folder / "domain.yaml").write_text(BANK, encoding="utf-8")
    return load_domain(str(folder))


@pytest.fixture(scope="session")
def make(bank: Domain) -> Make:
    """Make a case: intent, seed, levels of the standard factors."""

    def case(intent: str = "transfer", seed: int = 0, settings: PlanSettings | None = None, **levels: str) -> Case:
        scenario = Scenario(
            ordinal=seed,
            domain=bank.fingerprint,
            levels={"intent": intent, **levels},
            persona=Persona(name="Pat Example"),
            seed=seed,
        )
        blueprint = plan(scenario, bank, settings or PlanSettings(join=0.0, user_opens=1.0, farewell=0.0))
        return Case(bank, scenario, blueprint, conversation_of(blueprint, scenario, bank))

    return case


@pytest.fixture(scope="session")
def transfer(make: Make) -> Case:
    """A plain, clean conversation with five look-ups and one change."""
    return make()


@pytest.fixture(scope="session")
def balance(make: Make) -> Case:
    return make("balance")


@pytest.fixture(scope="session")
def clean(make: Make) -> list[Case]:
    """Clean conversations of every standard level."""
    cases: list[Case] = []
    for seed in range(150):
        rng = seeded("levels", seed)
        factors = rng.sample(sorted(STANDARD_FACTORS), 2)
        levels = {factor: rng.choice(sorted(STANDARD_FACTORS[factor].levels)) for factor in factors}
        try:
            case = make(rng.choice(["transfer", "balance"]), seed, PlanSettings(), **levels)
        except Impossible:
            continue
        if not _reads_a_secret_back(case):
            cases.append(case)
    return cases


def _reads_a_secret_back(case: Case) -> bool:
    """A blueprint that lets the assistant repeat a corrected PIN is no clean one."""
    spoken = [slot for step in case.blueprint.steps if step.role == "assistant" for slot, _ in step.mentions]
    return any(case.domain.slot(slot).secret for slot in spoken)
