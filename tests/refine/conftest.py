"""A clean draft in the small shop."""

from __future__ import annotations

import pytest
from council_cases import Case, case_of

from turnwright.domains import Domain
from turnwright.domains.reader import Reader


@pytest.fixture(scope="session")
def case(shop: Domain) -> Case:
    return case_of(shop, Reader(shop))
