"""What all tests share: the small shop domain, and scenarios of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from turnwright.domains import Domain, load_domain
from turnwright.records import Persona, Scenario

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def shop() -> Domain:
    """A shop with one intent, three ways to end, two tools and two orders."""
    return load_domain("mini_shop", FIXTURES)


@pytest.fixture(scope="session")
def shop_scenario(shop: Domain) -> Callable[..., Scenario]:
    """Make a scenario of the shop: seed and levels."""

    def make(seed: int = 0, **levels: str) -> Scenario:
        return Scenario(
            ordinal=seed,
            domain=shop.fingerprint,
            levels={"intent": "refund", **levels},
            persona=Persona(name="Ada Example"),
            seed=seed,
        )

    return make
