"""Reading conversations, wherever they come from: run folders, our own exports, files and folders of human ones.

What is read becomes an `Example`: words, acts and calls, and who wrote them. Where it comes from stands beside it, and
personal data in it can be found and masked. Students learn from examples, habits are estimated from them, monitors
compare with them; none of that happens here.
"""

from turnwright.reading.example import START, Called, Decision, Example, ExampleSet, Said, decisions, set_hash
from turnwright.reading.files import file_lines
from turnwright.reading.lines import line_from
from turnwright.reading.reference_card import ReferenceCard, SourceCard, card_path
from turnwright.reading.referencing import Labels, ReferenceSettings, write_reference
from turnwright.reading.sourced import Sourced, read_sourced
from turnwright.reading.sources import counted_as, example_of, read_conversations, read_examples, read_set

__all__ = [
    "START",
    "Called",
    "Decision",
    "Example",
    "ExampleSet",
    "Labels",
    "ReferenceCard",
    "ReferenceSettings",
    "Said",
    "SourceCard",
    "Sourced",
    "card_path",
    "counted_as",
    "decisions",
    "example_of",
    "file_lines",
    "line_from",
    "read_conversations",
    "read_examples",
    "read_set",
    "read_sourced",
    "set_hash",
    "write_reference",
]
