"""The roll-up of a run, or of a file that mixes people's and models' conversations: what each tells of its sources.

What is known of a model comes from the run's own spec and the catalogue of weights; of endpoints nobody tells anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from turnwright.domains import load_domain
from turnwright.engine.tracing import style_sources
from turnwright.errors import InputError
from turnwright.export.licences import UNKNOWN
from turnwright.export.rollup import ModelFacts, Rolling, Rollup, rolled_up, words_of_example
from turnwright.models import CATALOGUE
from turnwright.reading import read_sourced
from turnwright.records import Conversation
from turnwright.store import Run

__all__ = ["OUTPUT_TERMS", "domain_source", "model_facts", "rollup_of", "rollup_of_files"]

OUTPUT_TERMS = {"apache-2.0": "allowed", "mit": "allowed"}
"""Licence of weights → whether others may learn from what the model says. These two ask nothing of it."""


def rollup_of(run: Run, conversations: Iterable[Conversation] | None = None) -> Rollup:
    """Roll up what a run admitted, or these conversations of it."""
    return rolled_up(
        run.records.conversations(admitted=True) if conversations is None else conversations,
        models=model_facts(run),
        style={id_: source for id_, (_, source) in style_sources(run).items()},
        others=list(domain_source(run)),
    )


def rollup_of_files(paths: Iterable[Path]) -> Rollup:
    """Roll up files of conversations (see `reading.read_conversations`), by what their lines and folders tell.

    Raises:
        InputError: a file is missing, or a line is wrong.
    """
    rolling = Rolling()
    for example, sourced in read_sourced(tuple(paths)):
        rolling.take(words_of_example(example, sourced))
    return rolling.told()


def model_facts(run: Run) -> dict[str, ModelFacts]:
    """Fingerprint of every model of the run → what is known of it.

    A file of the catalogue is known by its hash, so that another file under its name is not taken for it. Models that
    run in this process are sampled here, and sampling puts no watermark into words.
    """
    spec = run.spec if isinstance(run.spec, dict) else {}
    kinds = {name: model.get("kind") for name, model in (spec.get("models") or {}).items()}
    licences = {f"{entry.name}@{entry.sha256[:32]}": entry.licence for entry in CATALOGUE}
    found = {}
    for name, fingerprint in (spec.get("model_files") or {}).items():
        licence = licences.get(fingerprint, UNKNOWN) if kinds.get(name) == "embedded" else UNKNOWN
        found[fingerprint] = ModelFacts(
            licence=licence,
            terms=OUTPUT_TERMS.get(licence.lower(), UNKNOWN),
            watermark="none" if kinds.get(name) in ("embedded", "scripted") else UNKNOWN,
        )
    return found


def domain_source(run: Run) -> Iterator[tuple[str, str]]:
    """The domain as a source of the set, since its words stand in prompts and phrasings: its name and licence.

    It is looked for where the spec names it, beside the folder of runs; another version of it tells nothing.
    """
    spec = run.spec if isinstance(run.spec, dict) else {}
    name, fingerprint = str(spec.get("domain") or ""), spec.get("domain_files")
    if not name:
        return
    for base in run.folder.path.absolute().parents[:3]:
        try:
            domain = load_domain(name, base)
        except InputError:
            continue
        if domain.fingerprint == fingerprint:
            yield f"domain {domain.name}", domain.spec.licence or UNKNOWN
            return
    yield f"domain {Path(name).name}", UNKNOWN
