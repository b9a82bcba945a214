"""Putting a run together: from a checked spec to a kit whose parts are open.

Order matters: everything that can be wrong with the input is found before the run folder is touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from turnwright.admit import Gate, load_held_out
from turnwright.design import Design, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain, load_domain, own_words
from turnwright.domains.reader import Reader
from turnwright.engine.calls import JournaledSpeaker
from turnwright.engine.catalogue import budget_for, client_for
from turnwright.engine.events import Listener
from turnwright.engine.kit import Kit
from turnwright.engine.spec import MAY_CHANGE, EmbeddedSpec, EndpointSpec, ModelSpec, Spec
from turnwright.errors import EndpointDown
from turnwright.models import AdaptiveLimit, Budget, Client, RetryPolicy, located
from turnwright.store import Run, open_run

__all__ = ["answers", "design_of", "domain_of", "open_kit"]


def domain_of(spec: Spec, base: Path) -> Domain:
    """Load the spec's domain; a path is relative to the spec's folder."""
    return load_domain(spec.domain, base)


def design_of(spec: Spec, domain: Domain) -> Design:
    """Make the scenario design of a spec."""
    return design(
        spec.design,
        domain.spec.factors,
        [*STANDARD_CONSTRAINTS, *domain.spec.constraints],
        domain=domain.fingerprint,
        seed=spec.seed,
        count=spec.scenarios,
        standard_factors=STANDARD_FACTORS,
        intents=list(domain.spec.intents),
    )


@asynccontextmanager
async def open_kit(spec: Spec, base: Path, folder: Path, tell: Listener) -> AsyncIterator[Kit]:
    """Open everything a run needs, and close it again.

    Raises:
        InputError: something in spec, domain, design, models or folder is wrong; nothing was written.
        EndpointDown: an endpoint does not answer; nothing was written.
    """
    domain = domain_of(spec, base)
    scenarios = design_of(spec, domain)
    held_out = load_held_out(spec.admit, base, own_words(domain))
    used = {name: spec.models[name] for name in dict.fromkeys(spec.speaking.values())}
    await asyncio.gather(*(answers(name, model, base) for name, model in used.items()))
    async with AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        for name, model in used.items():
            clients[name] = client_for(name, model, base)
            stack.push_async_callback(clients[name].close)
        run = stack.enter_context(_open_run(spec, domain, clients, folder))
        budget = budget_for(spec, run)
        gate = Gate(spec.admit, held_out=held_out)
        gate.prime(run.records.novelty.bodies())
        yield Kit(
            spec=spec,
            domain=domain,
            design=scenarios,
            factors=scenarios.factors,
            reader=Reader(domain),
            run=run,
            gate=gate,
            speakers=_speakers(spec, clients, run, budget, tell),
            budget=budget,
            tell=tell,
        )


def _open_run(spec: Spec, domain: Domain, clients: dict[str, Client], folder: Path) -> Run:
    """Open the run folder; what decides the outcome is the spec, the domain's files and the models."""
    models = {name: client.fingerprint for name, client in clients.items()}
    whole = {**spec.model_dump(mode="json", by_alias=True), "domain_files": domain.fingerprint, "model_files": models}
    return open_run(folder, spec=whole, may_change=MAY_CHANGE, durability=spec.run.durability)


def _speakers(
    spec: Spec, clients: dict[str, Client], run: Run, budget: Budget, tell: Listener
) -> dict[str, JournaledSpeaker]:
    """One speaker a role; roles that share a model share its limit."""
    limits = {name: _limit(spec.models[name], spec.run.concurrency) for name in clients}
    return {
        role: JournaledSpeaker(
            role, clients[name], run.journal, limit=limits[name], retry=RetryPolicy(), budget=budget, tell=tell,
            keep_requests=spec.run.keep_requests,
        )
        for role, name in spec.speaking.items()
    }  # fmt: skip


def _limit(model: ModelSpec, concurrency: int) -> AdaptiveLimit:
    if isinstance(model, EmbeddedSpec):
        return AdaptiveLimit(start=model.slots, ceiling=model.slots)
    ceiling = model.concurrency if isinstance(model, EndpointSpec) else concurrency
    return AdaptiveLimit(start=min(ceiling, max(8, ceiling // 4)), ceiling=ceiling)


async def answers(name: str, model: ModelSpec, base: Path) -> str:
    """Say where a model is: that its endpoint listens, or where its file lies.

    Raises:
        EndpointDown: nobody listens. CatalogueError: the file is not here.
    """
    if isinstance(model, EmbeddedSpec):
        return str(located(model.model, base))
    if not isinstance(model, EndpointSpec):
        return "scripted: sends nothing"
    url = urlsplit(model.base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(url.hostname or "", port)
    except (OSError, TimeoutError) as error:
        raise EndpointDown(
            f"nothing answers at {url.hostname}:{port} ({error or 'timed out'})",
            where=f"models.{name}",
            fix="start the endpoint or mend base_url; `turnwright doctor` shows what answers",
        ) from None
    writer.close()
    return f"{url.hostname}:{port} answers"
