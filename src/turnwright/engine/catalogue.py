"""The built-in kinds of models and what makes each of them: the one table that a new kind is added to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from turnwright.engine.spec import EmbeddedSpec, EndpointSpec, ModelSpec, ScriptedSpec, Spec
from turnwright.models import (
    CATALOGUE,
    Budget,
    Caps,
    Client,
    EmbeddedClient,
    OpenAICompatibleClient,
    Price,
    ScriptedClient,
    located,
)
from turnwright.records import Usage
from turnwright.store import Run

__all__ = ["CLIENTS", "ELAPSED", "budget_for", "client_for"]


def _embedded(name: str, spec: EmbeddedSpec, base: Path) -> Client:
    found = located(spec.model, base)
    called = spec.model if spec.model in {entry.name for entry in CATALOGUE} else found.stem
    return EmbeddedClient(found, name=called, slots=spec.slots, context=spec.context, threads=spec.threads)


def _endpoint(name: str, spec: EndpointSpec, base: Path) -> Client:
    return OpenAICompatibleClient(
        spec.base_url,
        spec.model,
        api_key_env=spec.api_key_env,
        headers=spec.headers,
        timeout=spec.timeout,
        extra_body=spec.extra_body,
    )


def _scripted(name: str, spec: ScriptedSpec, base: Path) -> Client:
    log_file = base / spec.log if spec.log else None
    return ScriptedClient("double", spec.script, latency=spec.latency, log=False, log_file=log_file)


CLIENTS: dict[type, Callable[[str, Any, Path], Client]] = {
    EmbeddedSpec: _embedded,
    EndpointSpec: _endpoint,
    ScriptedSpec: _scripted,
}
"""Kind of model → what makes its client."""


ELAPSED = "elapsed"
"""Key under which a run keeps the seconds that its sessions took so far."""


def client_for(name: str, spec: ModelSpec, base: Path) -> Client:
    """Make the client of a model; paths are relative to `base`.

    Raises:
        InputError: the model's file or key is missing.
    """
    return CLIENTS[type(spec)](name, spec, base)


def budget_for(spec: Spec, run: Run) -> Budget:
    """The run's caps over all roles, with what was paid before a resume already counted."""
    prices: dict[str, Price] = {role: _price(spec.models[name]) for role, name in spec.speaking.items()}
    money = None if spec.caps.money is None else round(Decimal(spec.caps.money) * 1_000_000)
    seconds = None if spec.caps.minutes is None else spec.caps.minutes * 60
    caps = Caps(money=money, tokens=spec.caps.tokens, calls=spec.caps.calls, seconds=seconds)
    took = float(run.records.meta(ELAPSED) or b"0")
    return Budget(caps, prices, spent=sum(run.journal.totals().values(), Usage()), elapsed=took)


def _price(spec: ModelSpec) -> Price:
    return Price.per_million(input=spec.price.input, cached_input=spec.price.cached_input, output=spec.price.output)
