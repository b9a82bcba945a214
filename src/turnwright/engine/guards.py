"""What stands guard over each defect class in a run: a deterministic check, a licensed arbiter, both, or nothing.

Decided once, when a run is opened, and shown wherever the set is: in the summary, in the report and on its card.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from turnwright.domains import Domain
from turnwright.engine.spec import EmbeddedSpec, EndpointSpec, ModelSpec, ScriptedSpec, Spec
from turnwright.errors import SpecError
from turnwright.export import Guard
from turnwright.models import digest, located
from turnwright.records import Licence, Severity
from turnwright.store import Run
from turnwright.verify import CHECKS, DEFECTS, Arbiter
from turnwright.verify.defects import severity_of
from turnwright.verify.licensing import read_licence, rubric_hash, void

__all__ = ["Guards", "guards_of", "licence_at", "models_of", "notes_of", "own_guards", "panel_of", "refuse_own_guard"]


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """The guards of a run.

    severities: defect class → what a finding weighs in this run.
    licensed: classes that it may rule on.
    checked: classes that a deterministic check finds. table: one row a class. criteria: names of the criteria that
    will be asked. notices: what a reader must know: missing or void licence, arbiter and teacher of one model.
    alarm: whether one of them is that nothing stands between the teacher and the set but itself.
    """

    severities: dict[str, Severity]
    licensed: frozenset[str]
    checked: frozenset[str]
    table: tuple[Guard, ...]
    criteria: tuple[str, ...]
    notices: tuple[str, ...]


LOOK_UPS = frozenset({"wrong_tool", "wrong_argument"})
Played = TypeVar("Played")


def panel_of(roles: Mapping[str, Played]) -> dict[str, Played]:
    """What plays the arbiter's role, in the order of the panel."""
    return {role: plays for role, plays in roles.items() if role.startswith("arbiter")}


def guards_of(
    spec: Spec, base: Path, domain: Domain, licence: Licence | None, fingerprints: Mapping[str, str]
) -> Guards:
    """Say what guards each class; `fingerprints` are by role."""
    panel = panel_of(spec.speaking)
    notices = [
        f"the arbiter's model is the teacher's ({name}): this set is guarded by itself"
        for name in own_guards(spec, base)
    ]
    licensed: frozenset[str] = frozenset()
    why = "no arbiter"
    if panel:
        why = _void(licence, spec, domain, [fingerprints[role] for role in panel])
        licensed = licence.licensed if licence is not None and not why else frozenset()
        if why:
            notices.append(
                f"no arbiter rules here: {why}; what only meaning shows is unguarded (see `turnwright examine`)"
            )
        elif not licensed:
            why = "the exam gave no licence"
            notices.append("no arbiter rules here: its exam earned no licence; deterministic checks alone decide")
    checked = frozenset(kind for check in CHECKS if check.name not in spec.verify.skip for kind in check.kinds)
    return Guards(
        severities={kind: severity_of(kind) for kind in DEFECTS} | spec.verify.severity,
        licensed=licensed,
        checked=checked,
        table=tuple(_row(kind, checked, licensed, licence, why, spec) for kind in DEFECTS),
        criteria=tuple(one.name for one in spec.arbiter.rubric if one.defect in licensed),
        notices=tuple(notices),
    )


def _row(
    kind: str, checked: frozenset[str], licensed: frozenset[str], licence: Licence | None, why: str, spec: Spec
) -> Guard:
    by, details = [], []
    if kind in checked:
        by.append(f"check {DEFECTS[kind].check}")
    if kind in licensed and licence is not None:
        earned = next(each for each in licence.classes if each.defect == kind)
        by.append("arbiter")
        details.append(
            f"licensed: misses at most {earned.miss_bound:.1%}, false alarms at most {earned.alarm_bound:.1%}"
        )
    elif DEFECTS[kind].check == "arbiter":
        failed = next((each for each in licence.classes if each.defect == kind), None) if licence else None
        details.append(_failed(failed.missed, failed.planted, failed.alarms, failed.controls) if failed else why)
    if kind in LOOK_UPS - licensed and spec.simulate.way != "fill":
        details.append("calls that change nothing are free where no skeleton is filled in: nothing guards those")
    return Guard(defect=kind, guarded_by=" and ".join(by), detail="; ".join(details), severity=DEFECTS[kind].severity)


def _failed(missed: int, planted: int, alarms: int, controls: int) -> str:
    return f"no licence: the arbiter missed {missed} of {planted} planted and alarmed on {alarms} of {controls} clean"


def models_of(run: Run, spec: Spec) -> dict[str, str]:
    """Role → fingerprint of its model, as the run was begun with."""
    files = run.spec.get("model_files", {}) if isinstance(run.spec, dict) else {}
    return {role: files.get(name, name) for role, name in spec.speaking.items()}


def notes_of(arbiter: Arbiter, models: Mapping[str, str]) -> tuple[str, ...]:
    """What only asking could show: arbiters whose endpoint gives no probabilities. `models`: role → fingerprint."""
    silent = [models.get(role, role) for role, gave in arbiter.gave_logprobs.items() if not gave]
    return tuple(f"the arbiter {model} gives no logprobs: its answers are read from its words" for model in silent)


def licence_at(spec: Spec, base: Path) -> Licence | None:
    """The licence that the spec names, None where there is no arbiter or no such file.

    Raises:
        InputError: the file is there and cannot be read.
    """
    path = base / spec.arbiter.licence
    return read_licence(path) if spec.roles.arbiter and path.exists() else None


def _void(licence: Licence | None, spec: Spec, domain: Domain, arbiters: list[str]) -> str:
    if licence is None:
        return f"there is no licence at {spec.arbiter.licence}"
    return void(
        licence, arbiters=arbiters, tie=spec.arbiter.tie, prompts=Arbiter(domain, {}, spec.arbiter, None).prompts,
        rubric_hash=rubric_hash(spec.arbiter.rubric), domain=domain.fingerprint,
    )  # fmt: skip


def own_guards(spec: Spec, base: Path) -> list[str]:
    """Names of arbiters whose model is the teacher's."""
    teacher = spec.models[spec.roles.teacher]
    return [name for name in spec.roles.arbiter if _same(spec.models[name], teacher, base)]


def refuse_own_guard(spec: Spec, base: Path) -> None:
    """Refuse a spec whose arbiter is the teacher's model, unless it says that this is meant.

    Raises:
        SpecError: nothing guards itself.
    """
    own = own_guards(spec, base)
    if own and not spec.arbiter.allow_same_model:
        raise SpecError(
            f"the arbiter '{own[0]}' is the teacher's model, and nothing guards itself",
            where="roles.arbiter",
            fix="name another model, or say arbiter.allow_same_model: true (the report will show it in red)",
        )


def _same(one: ModelSpec, other: ModelSpec, base: Path) -> bool:
    """Whether two entries of `models` are one model: the same file, the same name at endpoints, the same script."""
    match one, other:
        case EmbeddedSpec(), EmbeddedSpec():
            files = located(one.model, base), located(other.model, base)
            return files[0] == files[1] or digest(files[0]) == digest(files[1])
        case EndpointSpec(), EndpointSpec():
            return one.model.casefold() == other.model.casefold()
        case ScriptedSpec(), ScriptedSpec():
            return one.script == other.script
    return False
