"""Stage `monitor`: how much a synthetic set is like human conversations, and what must stop when it is not."""

from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.monitor.statistic import LeftOut, Monitor, Sample, Statistic

__all__ = ["GateSettings", "LeftOut", "Monitor", "MonitorSettings", "Sample", "Statistic"]
