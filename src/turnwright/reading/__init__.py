"""Reading conversations, wherever they come from: run folders, our own exports, files of human conversations.

What is read becomes an `Example`: words, acts and calls, and who wrote them. Students learn from examples, habits are
estimated from them, monitors compare with them; none of that happens here.
"""

from turnwright.reading.example import START, Called, Decision, Example, ExampleSet, Said, decisions, set_hash
from turnwright.reading.lines import line_from
from turnwright.reading.sources import counted_as, example_of, read_conversations, read_examples, read_set

__all__ = [
    "START",
    "Called",
    "Decision",
    "Example",
    "ExampleSet",
    "Said",
    "counted_as",
    "decisions",
    "example_of",
    "line_from",
    "read_conversations",
    "read_examples",
    "read_set",
    "set_hash",
]
