"""Personal data in conversations: found by shape and checksum, counted, masked. Names of people are not looked for."""

from turnwright.reading.pii.finding import KINDS, Hit, find
from turnwright.reading.pii.report import PiiCount, PiiExample, PiiPolicy, PiiReport
from turnwright.reading.pii.screening import Screen, masked, masked_text, screen

__all__ = [
    "KINDS",
    "Hit",
    "PiiCount",
    "PiiExample",
    "PiiPolicy",
    "PiiReport",
    "Screen",
    "find",
    "masked",
    "masked_text",
    "screen",
]
