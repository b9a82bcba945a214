"""The domain of the exported samples: two tools and a policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnwright.domains import Domain, load_domain

DOMAIN = """
name: kiosk
title: A kiosk
policy: Refund only what was paid.
tools:
  - name: get_order
    description: Find an order.
    parameters: {type: object, properties: {order_id: {type: string}}, required: [order_id]}
    does: {find: orders, by: {order_id: id}}
  - name: refund
    description: Give the money back.
    effect: write
    parameters: {type: object, properties: {order_id: {type: string}}, required: [order_id]}
    does: {update: orders, by: {order_id: id}, set: {state: "'refunded'"}}
world:
  orders: {rows: [{id: A1, total: 25.5, state: paid}]}
intents:
  refund: {goal: The user wants money back.}
flows:
  refund: {start: all, nodes: {all: {end: resolved}}}
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    """A kiosk that can find and refund orders."""
    folder: Path = tmp_path_factory.mktemp("kiosk")
    (folder / "domain.yaml").write_text(DOMAIN, encoding="utf-8")
    return load_domain(str(folder))
