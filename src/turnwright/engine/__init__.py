"""The only package that knows the order of the stages: spec, assembly, flow, and running it."""

from turnwright.engine.assemble import answers, design_of, domain_of, open_kit
from turnwright.engine.events import CallMade, Concluded, Event, Listener, RunEnded, RunStarted, Simulating, silent
from turnwright.engine.exporting import export_run, kept
from turnwright.engine.forecast import Forecast, RoleForecast, forecast
from turnwright.engine.kit import Kit
from turnwright.engine.local import Ending, run_flow
from turnwright.engine.report import write_report
from turnwright.engine.spec import Spec, load_spec
from turnwright.engine.summary import Summary, summarise

__all__ = [
    "CallMade",
    "Concluded",
    "Ending",
    "Event",
    "Forecast",
    "Kit",
    "Listener",
    "RoleForecast",
    "RunEnded",
    "RunStarted",
    "Simulating",
    "Spec",
    "Summary",
    "answers",
    "design_of",
    "domain_of",
    "export_run",
    "forecast",
    "kept",
    "load_spec",
    "open_kit",
    "run_flow",
    "silent",
    "summarise",
    "write_report",
]
