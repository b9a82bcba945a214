"""What an assistant is for: policy, acts, flows, and tools over an executable world."""

from turnwright.domains.behaviour import STANDARD_CONSTRAINTS, STANDARD_FACTORS
from turnwright.domains.domain import Domain
from turnwright.domains.expression import Expression, ExpressionFault, compile_expression
from turnwright.domains.load import load_domain, packs
from turnwright.domains.phrasing import filled, joined, own_words, phrasings, realise, speakers
from turnwright.domains.source import Source, nearest, parse_yaml, read_yaml, validated
from turnwright.domains.tools import Tool, Toolbox
from turnwright.domains.world import World

__all__ = [
    "STANDARD_CONSTRAINTS",
    "STANDARD_FACTORS",
    "Domain",
    "Expression",
    "ExpressionFault",
    "Source",
    "Tool",
    "Toolbox",
    "World",
    "compile_expression",
    "filled",
    "joined",
    "load_domain",
    "nearest",
    "own_words",
    "packs",
    "parse_yaml",
    "phrasings",
    "read_yaml",
    "realise",
    "speakers",
    "validated",
]
