"""The only package that knows the order of the stages: spec, assembly, flow, and running it."""

from turnwright.engine.assemble import answers, open_kit
from turnwright.engine.calibrating import Calibration, Contradiction, calibrate
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.events import (
    Answered,
    CallMade,
    Concluded,
    Event,
    Listener,
    Notice,
    Planting,
    RunEnded,
    RunStarted,
    Simulating,
    silent,
)
from turnwright.engine.exam import ExamFigures
from turnwright.engine.examining import Examined, examine
from turnwright.engine.exporting import export_run, kept
from turnwright.engine.forecast import Forecast, RoleForecast, forecast
from turnwright.engine.guards import guards_of, licence_at, models_of
from turnwright.engine.kit import Kit
from turnwright.engine.labels import Imported, import_labels
from turnwright.engine.local import Ending, run_flow
from turnwright.engine.spec import Spec, load_spec
from turnwright.engine.summary import Summary, summarise
from turnwright.engine.whole import RunReport, run_spec

__all__ = [
    "Answered",
    "Calibration",
    "CallMade",
    "Concluded",
    "Contradiction",
    "Ending",
    "Event",
    "ExamFigures",
    "Examined",
    "Forecast",
    "Imported",
    "Kit",
    "Listener",
    "Notice",
    "Planting",
    "RoleForecast",
    "RunEnded",
    "RunReport",
    "RunStarted",
    "Simulating",
    "Spec",
    "Summary",
    "answers",
    "calibrate",
    "design_of",
    "domain_of",
    "examine",
    "export_run",
    "forecast",
    "guards_of",
    "import_labels",
    "kept",
    "licence_at",
    "load_spec",
    "models_of",
    "open_kit",
    "run_flow",
    "run_spec",
    "silent",
    "summarise",
]
