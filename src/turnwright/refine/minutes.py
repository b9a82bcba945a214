"""The minutes of one round, kept while it goes on: who was heard at what price, and what came of it."""

from __future__ import annotations

import msgspec

from turnwright.records import LensCost, Objection, Response, Revision, Round, Ruling, Usage

__all__ = ["Minutes"]


class Minutes:
    """Notes a round in the order in which it happens; `round` makes the record of it."""

    def __init__(self) -> None:
        self.objections: list[Objection] = []
        self.responses: list[Response] = []
        self.rulings: list[Ruling] = []
        self.revisions: list[Revision] = []
        self._costs: dict[str, LensCost] = {}

    @property
    def heard(self) -> list[Objection]:
        """The objections that were not dismissed."""
        return [objection for objection in self.objections if not objection.dismissed]

    @property
    def changed(self) -> bool:
        """Whether a revision was taken."""
        return any(not revision.refused for revision in self.revisions)

    def paid(self, lens: str, usage: Usage) -> None:
        """Note what a critic, or an answer to one of its objections, cost."""
        cost = self._cost(lens)
        self._costs[lens] = msgspec.structs.replace(cost, usage=cost.usage + usage)

    def raised(self, objection: Objection) -> None:
        """Note an objection, whether it is heard or not."""
        cost = self._cost(objection.lens)
        self._costs[objection.lens] = msgspec.structs.replace(cost, raised=cost.raised + 1)
        self.objections.append(objection)

    def upheld(self, lens: str) -> None:
        """Note that one of its objections was upheld."""
        cost = self._cost(lens)
        self._costs[lens] = msgspec.structs.replace(cost, upheld=cost.upheld + 1)

    def has_upheld(self, lens: str) -> bool:
        """Whether an objection of this lens was upheld."""
        return self._cost(lens).upheld > 0

    def round(self) -> Round:
        """Return the record."""
        return Round(
            lenses=tuple(self._costs.values()),
            objections=tuple(self.objections),
            responses=tuple(self.responses),
            rulings=tuple(self.rulings),
            revisions=tuple(self.revisions),
        )

    def _cost(self, lens: str) -> LensCost:
        return self._costs.get(lens, LensCost(lens=lens, usage=Usage(), raised=0, upheld=0))
