"""Stage `plan`: Scenario → Blueprint. Goal, facts, gold calls and end state are executed and fixed before any words."""

from turnwright.plan.blueprints import Impossible, plan
from turnwright.plan.settings import PlanSettings

__all__ = ["Impossible", "PlanSettings", "plan"]
