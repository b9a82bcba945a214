"""Stage `plan`: Scenario → Blueprint. Goal, facts, gold calls and end state are executed and fixed before any words."""

from turnwright.plan.blueprints import plan
from turnwright.plan.settings import PlanSettings

__all__ = ["PlanSettings", "plan"]
