"""W3C PROV as PROV-JSON: one small document for a whole set, and one for a single conversation, turn by turn.

Source: https://www.w3.org/submissions/prov-json/ (the serialization) and https://www.w3.org/TR/prov-dm/ (types and
relations). Everything is named by its content id under `urn:turnwright:`; no words of a conversation come in here. A
run knows no times, so activities have none.
"""

from __future__ import annotations

from turnwright.export.kept import Kept
from turnwright.export.rollup import ModelFacts
from turnwright.export.views.facts import HUMAN, UNKNOWN, ViewFacts, said
from turnwright.records import Json, Turn, content_id

__all__ = ["Graph", "prov_of_conversation", "prov_of_set"]

PREFIX = {"tw": "urn:turnwright:", "prov": "http://www.w3.org/ns/prov#"}
PEOPLE = "tw:people"
SOFTWARE = "tw:turnwright"
PLAYS = {"simulate": ("user", "teacher"), "refine": ("critics", "teacher", "arbiter"), "verify": ("arbiter",)}
"""Stage → roles of models that act in it; an arbiter may be a panel (`arbiter`, `arbiter_2`, ...)."""


def _type(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


class Graph:
    """A document that grows: things by name, relations numbered by kind."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, Json]] = {}

    def thing(self, kind: str, name: str, /, **attributes: Json) -> str:
        """Add an `entity`, `activity` or `agent`, or more attributes of one that is there; returns its name.

        `type_` is its PROV type; other attributes get the prefix `tw`, `label` and `location` that of PROV.
        """
        told = {_key(key): _type(value) if key == "type_" else value for key, value in attributes.items()}
        self._parts.setdefault(kind, {}).setdefault(name, {}).update(told)
        return name

    def related(self, kind: str, /, **ends: str) -> None:
        """Add a relation, e.g. `used(activity=..., entity=...)`, with a `role` maybe; none is said twice."""
        rows = self._parts.setdefault(kind, {})
        row = {f"prov:{end}": name for end, name in ends.items()}
        if row not in rows.values():
            rows[f"_:{kind}{len(rows) + 1}"] = row

    def document(self) -> dict[str, Json]:
        """The PROV-JSON document."""
        return {"prefix": PREFIX, **self._parts}


def _key(name: str) -> str:
    return {"type_": "prov:type", "label": "prov:label", "location": "prov:location"}.get(name, f"tw:{name}")


# --- a whole set ------------------------------------------------------------------------------------------------


def prov_of_set(facts: ViewFacts) -> dict[str, Json]:
    """Scenarios, blueprints, drafts and conversations as collections; models and people as agents; every file."""
    graph = Graph()
    _agents(graph, facts)
    spec = graph.thing("entity", "tw:spec", type_="prov:Plan", id=said(facts.spec), seed=_known(facts.seed))
    domain = graph.thing("entity", "tw:domain", id=facts.domain, source=said(facts.source))
    scenarios = _collection(graph, "scenarios", facts.scenarios)
    graph.related("wasDerivedFrom", generatedEntity=scenarios, usedEntity=spec)
    blueprints = _step(graph, facts, "plan", "blueprints", scenarios, domain)
    held = _step(graph, facts, "simulate", "drafts", blueprints, domain)
    if facts.council:
        held = _step(graph, facts, "refine", "refined", held, domain)
    verdicts = _step(graph, facts, "verify", "verdicts", held, domain)
    conversations = _step(graph, facts, "admit", "conversations", held, verdicts)
    graph.thing("entity", conversations, count=facts.conversations)
    _exported(graph, facts, conversations, spec)
    return graph.document()


def _step(graph: Graph, facts: ViewFacts, stage: str, made: str, out_of: str, beside: str) -> str:
    """One stage of the run: it uses two things and makes a collection out of the first; returns its name."""
    after = _collection(graph, made, None)
    _made(graph, stage, after, out_of, facts.roles)
    graph.related("used", activity=f"tw:{stage}", entity=beside)
    return after


def _collection(graph: Graph, name: str, count: int | None) -> str:
    return graph.thing("entity", f"tw:{name}", type_="prov:Collection", count=_known(count))


def _agents(graph: Graph, facts: ViewFacts) -> None:
    graph.thing("agent", SOFTWARE, type_="prov:SoftwareAgent", label="turnwright", version=said(facts.version))
    if facts.publisher:
        graph.thing("agent", "tw:publisher", type_="prov:Organization", label=facts.publisher)
    if facts.origins.keys() & HUMAN:
        graph.thing("agent", PEOPLE, type_="prov:Person", label="people who wrote or edited words", names=UNKNOWN)
    for model in sorted({*facts.roles.values(), *(wrote.model for wrote in facts.writers)}):
        graph.thing("agent", _model(graph, model), licence=facts.models.get(model, ModelFacts()).licence)


def _exported(graph: Graph, facts: ViewFacts, conversations: str, spec: str) -> None:
    activity = graph.thing("activity", "tw:export", date=said(facts.date))
    graph.related("used", activity=activity, entity=conversations)
    graph.related("wasAssociatedWith", activity=activity, agent=SOFTWARE, plan=spec)
    whole = graph.thing(
        "entity",
        f"tw:{facts.id}",
        type_="prov:Collection",
        label=facts.title,
        conversations=facts.conversations,
        licence=said(facts.licence),
        licence_by_sources=facts.worst_licence,
        ledger=said(facts.head),
        **{f"words_{name}": one.words for name, one in sorted(facts.origins.items())},
    )
    graph.related("wasGeneratedBy", entity=whole, activity=activity)
    graph.related("wasDerivedFrom", generatedEntity=whole, usedEntity=conversations)
    if facts.publisher:
        graph.related("wasAttributedTo", entity=whole, agent="tw:publisher")
    for one in facts.sources:
        source = _source(graph, one.dataset, one.licence)
        graph.related("wasDerivedFrom", generatedEntity=whole, usedEntity=source)
    for file in facts.files:
        name = f"tw:{content_id('fi', [file.path, file.sha256])}"
        graph.thing("entity", name, label=file.path, sha256=file.sha256, bytes=file.bytes, split=file.split)
        graph.related("hadMember", collection=whole, entity=name)


# --- one conversation -------------------------------------------------------------------------------------------


def prov_of_conversation(kept: Kept, roles: dict[str, str] | None = None) -> dict[str, Json]:
    """Where one conversation came from: scenario, blueprint, draft, turns and their parents, verdict, admission.

    Args:
        roles: role → fingerprint of its model; without it, only models that wrote words are named.
    """
    graph, plays = Graph(), roles or {}
    final, council = kept.conversation, kept.council
    scenario = graph.thing("entity", f"tw:{kept.scenario.id}", kind="scenario", seed=kept.scenario.seed)
    blueprint = graph.thing("entity", f"tw:{kept.blueprint.id}", kind="blueprint", intent=kept.blueprint.intent)
    _made(graph, "plan", blueprint, scenario, plays)
    first = kept.draft if kept.draft is not None else final
    whole = draft = graph.thing("entity", f"tw:{first.id}", kind="conversation", way=first.way)
    _made(graph, "simulate", draft, blueprint, plays)
    if council is not None and final.id != first.id:
        whole = graph.thing("entity", f"tw:{final.id}", kind="conversation", way=final.way)
        _made(graph, "refine", whole, draft, plays)
        debate = graph.thing("entity", f"tw:{council.id}", kind="council")
        graph.related("used", activity="tw:refine", entity=debate)
    graph.thing("entity", whole, type_="prov:Collection", domain=final.domain)
    _admitted(graph, kept, whole, plays)
    places: dict[str, list[int]] = {}
    for number, turn in enumerate(final.turns):
        _turn(graph, whole, turn)
        places.setdefault(f"tw:{turn.id}", []).append(number)
    for name, numbers in places.items():
        graph.thing("entity", name, number=numbers[0] if len(numbers) == 1 else numbers)
    return graph.document()


def _admitted(graph: Graph, kept: Kept, whole: str, roles: dict[str, str]) -> None:
    admission = graph.thing("entity", f"tw:{kept.admission.id}", kind="admission", reason=kept.admission.reason)
    if kept.admission.verdict_id:
        verdict = graph.thing("entity", f"tw:{kept.admission.verdict_id}", kind="verdict")
        _made(graph, "verify", verdict, whole, roles)
        graph.related("used", activity="tw:admit", entity=verdict)
    _made(graph, "admit", admission, whole, roles)


def _turn(graph: Graph, whole: str, turn: Turn) -> None:
    came = turn.provenance
    seed = {} if came.seed is None else {"seed": came.seed}
    prompt = {"prompt": came.prompt} if came.prompt else {}
    name = graph.thing("entity", f"tw:{turn.id}", kind="turn", role=turn.role, origin=came.origin, **seed, **prompt)
    graph.related("hadMember", collection=whole, entity=name)
    if came.model:
        graph.related("wasAttributedTo", entity=name, agent=_model(graph, came.model))
    if came.origin in HUMAN:
        graph.thing("agent", PEOPLE, type_="prov:Person", names=UNKNOWN)
        graph.related("wasAttributedTo", entity=name, agent=PEOPLE)
    if came.source is not None:
        source = _source(graph, came.source.dataset, came.source.licence)
        graph.thing("entity", name, record=said(came.source.record), consent=said(came.source.consent))
        graph.related("wasDerivedFrom", generatedEntity=name, usedEntity=source)
    for parent in came.parents:
        graph.thing("entity", f"tw:{parent}")
        graph.related("wasDerivedFrom", generatedEntity=name, usedEntity=f"tw:{parent}")


# --- both -------------------------------------------------------------------------------------------------------


def _made(graph: Graph, stage: str, name: str, out_of: str, roles: dict[str, str]) -> None:
    """Say that a stage made one thing out of another, and which models and programs acted in it."""
    activity = graph.thing("activity", f"tw:{stage}")
    graph.related("used", activity=activity, entity=out_of)
    graph.related("wasGeneratedBy", entity=name, activity=activity)
    graph.related("wasDerivedFrom", generatedEntity=name, usedEntity=out_of)
    graph.thing("agent", SOFTWARE, type_="prov:SoftwareAgent", label="turnwright")
    graph.related("wasAssociatedWith", activity=activity, agent=SOFTWARE)
    for role, model in roles.items():
        if role.split("_")[0] in PLAYS.get(stage, ()):
            graph.related("wasAssociatedWith", activity=activity, agent=_model(graph, model), role=role)


def _model(graph: Graph, model: str) -> str:
    return graph.thing("agent", f"tw:{content_id('md', model)}", type_="prov:SoftwareAgent", label=model)


def _source(graph: Graph, dataset: str, licence: str) -> str:
    name = f"tw:{content_id('so', [dataset, licence])}"
    return graph.thing("entity", name, kind="words of people", label=dataset, licence=said(licence))


def _known(value: int | None) -> Json:
    return UNKNOWN if value is None else value
