"""What the tests of the exam share: clean conversations of two domains."""

from __future__ import annotations

import pytest
from exam_cases import Clean, clean

from turnwright.domains import Domain, load_domain


@pytest.fixture(scope="session")
def telecom() -> Domain:
    return load_domain("telecom_support")


@pytest.fixture(scope="session")
def material(shop: Domain, telecom: Domain) -> dict[str, tuple[Clean, ...]]:
    """Domain → clean conversations of it."""
    return {"mini_shop": clean(shop, 30), "telecom_support": clean(telecom, 60)}
