"""Putting a run together: from a checked spec to a kit whose parts are open.

Order matters: everything that can be wrong with the input is found before the run folder is touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from turnwright.admit import Gate, load_held_out
from turnwright.domains import own_words
from turnwright.domains.reader import Reader
from turnwright.engine.batches.course import Course
from turnwright.engine.batches.judging import Judging
from turnwright.engine.batches.reference import freeze, reference_of
from turnwright.engine.calls import JournaledSpeaker
from turnwright.engine.cascade import Cascade
from turnwright.engine.catalogue import budget_for, client_for
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.events import Listener, Notice
from turnwright.engine.guards import guards_of, licence_at, panel_of, refuse_own_guard
from turnwright.engine.kit import Kit
from turnwright.engine.spec import MAY_CHANGE, EmbeddedSpec, EndpointSpec, ModelSpec, Spec
from turnwright.errors import EndpointDown
from turnwright.models import AdaptiveLimit, Budget, Client, RetryPolicy, Speaker, located
from turnwright.records import Json
from turnwright.store import Run, open_run
from turnwright.verify import Arbiter

__all__ = ["OpenModels", "answers", "design_of", "domain_of", "open_kit", "open_models"]


class OpenModels(msgspec.Struct, frozen=True, kw_only=True):
    """Open models in their roles, with the run that remembers their calls."""

    run: Run
    budget: Budget
    speakers: Mapping[str, Speaker]
    fingerprints: Mapping[str, str]


@asynccontextmanager
async def open_models(
    spec: Spec,
    base: Path,
    folder: Path,
    roles: Mapping[str, str],
    decides: Mapping[str, Json],
    tell: Listener,
    clients: Mapping[str, Client] | None = None,
) -> AsyncIterator[OpenModels]:
    """Open the models of some roles (role → name of a model) and the run folder that their calls are kept in.

    Args:
        decides: what decides the outcome besides the models' files.
        clients: what speaks instead of the spec's models, by their names; they are closed with the rest.

    Raises:
        InputError: a model or the folder cannot be used; nothing was written.
        EndpointDown: an endpoint does not answer; nothing was written.
    """
    used = {name: spec.models[name] for name in dict.fromkeys(roles.values())}
    if clients is None:
        await asyncio.gather(*(answers(name, model, base) for name, model in used.items()))
    async with AsyncExitStack() as stack:
        speaking: dict[str, Client] = {}
        for name, model in used.items():
            speaking[name] = client_for(name, model, base) if clients is None else clients[name]
            stack.push_async_callback(speaking[name].close)
        prints = {role: speaking[name].fingerprint for role, name in roles.items()}
        models = {name: client.fingerprint for name, client in speaking.items()}
        whole = {**decides, "model_files": models}
        run = stack.enter_context(open_run(folder, spec=whole, may_change=MAY_CHANGE, durability=spec.run.durability))
        budget = budget_for(spec, run)
        speakers = _speakers(spec, speaking, roles, run, budget, tell)
        yield OpenModels(run=run, budget=budget, speakers=speakers, fingerprints=prints)


@asynccontextmanager
async def open_kit(
    spec: Spec, base: Path, folder: Path, tell: Listener, *, clients: Mapping[str, Client] | None = None
) -> AsyncIterator[Kit]:
    """Open everything a run needs, and close it again; for `clients` see `open_models`.

    Raises:
        InputError: something in spec, domain, design, models or folder is wrong; nothing was written.
        EndpointDown: an endpoint does not answer; nothing was written.
    """
    refuse_own_guard(spec, base)
    domain = domain_of(spec, base)
    scenarios = design_of(spec, domain)
    held_out = load_held_out(spec.admit, base, own_words(domain))
    reference = reference_of(spec, base)
    licence = licence_at(spec, base)
    decides = {
        **spec.decided(),
        "domain_files": domain.fingerprint,
        "licence": licence.id if licence else "",
    }
    async with open_models(spec, base, folder, spec.speaking, decides, tell, clients) as opened:
        if reference is not None:
            await freeze(opened.run, reference)
        gate = Gate(spec.admit, held_out=held_out)
        gate.prime(opened.run.records.novelty.bodies())
        guards = guards_of(spec, base, domain, licence, opened.fingerprints)
        cascade = Cascade(spec.lenses, guards.criteria)
        cascade.prime(opened.run)
        for notice in guards.notices:
            tell(Notice(text=notice))
        course = Course(spec, domain, scenarios, spread=bool(spec.monitor.gates))
        gated = reference if spec.monitor.gates else None
        yield Kit(
            spec=spec,
            domain=domain,
            design=scenarios,
            course=course,
            reference=reference,
            judging=Judging(spec, domain, course, gated, opened.run, tell) if gated is not None else None,
            factors=scenarios.factors,
            reader=Reader(domain),
            run=opened.run,
            gate=gate,
            speakers=opened.speakers,
            fingerprints=opened.fingerprints,
            guards=guards,
            arbiter=Arbiter(
                domain, panel_of(opened.speakers), spec.arbiter, guards.licensed, severity=spec.verify.severity
            ),
            cascade=cascade,
            budget=opened.budget,
            tell=tell,
        )


def _speakers(
    spec: Spec, clients: Mapping[str, Client], roles: Mapping[str, str], run: Run, budget: Budget, tell: Listener
) -> dict[str, JournaledSpeaker]:
    """One speaker a role; roles that share a model share its limit."""
    limits = {name: _limit(spec.models[name], spec.run.concurrency) for name in clients}
    return {
        role: JournaledSpeaker(
            role, clients[name], run.journal, limit=limits[name], retry=RetryPolicy(), budget=budget, tell=tell,
            keep_requests=spec.run.keep_requests,
        )
        for role, name in roles.items()
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
