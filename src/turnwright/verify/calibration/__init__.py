"""Calibration: what few human labels say about the machine's verdicts on all conversations.

Which conversations to label (`draw`), the share that people would accept (`share`), and how far machine and people
agree (`agreement`). Statistics only: it reads no files and asks no models.
"""

from turnwright.verify.calibration.agreement import Agreement, Judged, agreement
from turnwright.verify.calibration.drawing import Drawn, draw
from turnwright.verify.calibration.intervals import exact, wilson
from turnwright.verify.calibration.powered import Share, Side, share

__all__ = ["Agreement", "Drawn", "Judged", "Share", "Side", "agreement", "draw", "exact", "share", "wilson"]
