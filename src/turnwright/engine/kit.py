"""Everything that a run works with, put together and ready: the flow takes it, `assemble` makes it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from turnwright.admit import Gate
from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.domains.declaration import Factor
from turnwright.domains.reader import Reader
from turnwright.engine.batches.course import Course
from turnwright.engine.batches.judging import Judging
from turnwright.engine.cascade import Cascade
from turnwright.engine.events import Listener
from turnwright.engine.guards import Guards
from turnwright.engine.spec import Spec
from turnwright.models import Budget, Speaker
from turnwright.reading import ExampleSet
from turnwright.store import Run
from turnwright.verify import Arbiter

__all__ = ["Kit"]


class Kit(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one run.

    course: the scenarios in the order of the run. factors: the design's (their levels change the world).
    reference: human conversations, None without any; judging: what asks the gates after every batch, None without
    gates. gate: admission, fed in order of ordinals.
    speakers: role → model, with journal, limits and the one budget behind it; fingerprints: role → which model.
    guards: what stands between each defect class and the set; arbiter: the panel that may rule.
    cascade: who is asked first. tell: hears every event.
    """

    spec: Spec
    domain: Domain
    design: Design
    course: Course
    factors: Mapping[str, Factor]
    reader: Reader
    run: Run
    gate: Gate
    speakers: Mapping[str, Speaker]
    fingerprints: Mapping[str, str]
    guards: Guards
    arbiter: Arbiter
    cascade: Cascade
    budget: Budget
    tell: Listener
    reference: ExampleSet | None = None
    judging: Judging | None = None
