"""The stage `design`: from a scenario design to scenarios, with coverage, quotas and weights."""

from turnwright.design.coverage import CoverageReport, Forbidden, GroupCoverage
from turnwright.design.scenarios import Design, Share
from turnwright.design.settings import DesignSettings, Group, PersonaSettings
from turnwright.design.verb import design

__all__ = [
    "CoverageReport",
    "Design",
    "DesignSettings",
    "Forbidden",
    "Group",
    "GroupCoverage",
    "PersonaSettings",
    "Share",
    "design",
]
