"""A small, safe expression language for constraints, flow branches and policy rules.

An expression is parsed once with Python's own grammar, checked against a list of allowed forms, and walked by
hand: no `eval`, no attribute access on objects, no calls besides the functions that the caller passes in.
Names and dotted names look up JSON values: `order.total > 100 and not succeeded('refund_order')`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from turnwright.errors import InputError
from turnwright.records import Json

__all__ = ["PLAIN_FUNCTIONS", "Expression", "ExpressionFault", "compile_expression"]

LONGEST = 500
DEEPEST = 40


class ExpressionFault(InputError):
    """The expression cannot be read, or cannot be worked out with these values."""


_COMPARE: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "str": str,
    "int": int,
    "lower": lambda s: str(s).lower(),
}
PLAIN_FUNCTIONS = frozenset(_FUNCTIONS)
"""The functions that every expression may call."""
_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "null": None}
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Compare,
    ast.Name, ast.Load, ast.Attribute, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Call, ast.IfExp,
    *_COMPARE, *_ARITHMETIC,
)  # fmt: skip


class Expression:
    """A checked expression; call it with names (and functions) to get its value.

    Attributes:
        names: the names that it looks up. functions: the functions that it calls.
        comparisons: every `name == literal` (and `name in [literals]`) as (name, literal).
        fields: every `name.field` as (name, field). calls: every `function('literal')` as (function, literal).
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = _parse(text)
        nodes = list(ast.walk(self._tree))
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        self.functions = frozenset(called)
        self.names = frozenset(
            node.id for node in nodes if isinstance(node, ast.Name) and node.id not in called | set(_CONSTANTS)
        )
        self.comparisons = tuple(_equalities(nodes))
        self.fields = tuple(
            (node.value.id, node.attr)
            for node in nodes
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        )
        self.calls = tuple(
            (node.func.id, arg.value)
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            for arg in node.args
            if isinstance(arg, ast.Constant)
        )

    def __call__(self, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
        """Work out the value.

        Raises:
            ExpressionFault: an unknown name or function, or values that do not fit the operators.
        """
        scope = {**_FUNCTIONS, **(functions or {})}
        try:
            return _value(self._tree.body, names, scope)
        except ExpressionFault as fault:
            raise ExpressionFault(fault.what, where=f"expression '{self.text}'", fix=fault.fix) from None
        except (TypeError, ValueError, ZeroDivisionError, IndexError, OverflowError) as fault:
            raise ExpressionFault(
                str(fault), where=f"expression '{self.text}'", fix="check the values it uses"
            ) from fault

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Return the expression for this text, parsed once."""
    return Expression(text)


def _parse(text: str) -> ast.Expression:
    where = f"expression '{text[:80]}'"
    if len(text) > LONGEST:
        raise ExpressionFault(f"longer than {LONGEST} characters", where=where, fix="split it into several")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, RecursionError, ValueError, MemoryError) as fault:
        raise ExpressionFault(f"cannot be read ({fault})", where=where, fix="e.g. a == 'x' and b > 3") from None
    if _depth(tree) > DEEPEST:
        raise ExpressionFault(f"nested more than {DEEPEST} levels deep", where=where, fix="split it into several")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and not _plain(node.value):
            raise ExpressionFault(f"{node.value!r} is not JSON", where=where, fix="use text, numbers, true, null")
        if not isinstance(node, _ALLOWED):
            raise ExpressionFault(
                f"{type(node).__name__} is not allowed",
                where=where,
                fix="use names, literals, comparisons, and/or/not",
            )
        if isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.keywords):
            raise ExpressionFault("only plain function calls are allowed", where=where, fix="e.g. said('confirm')")
        word = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if word.startswith("_"):
            raise ExpressionFault(f"'{word}' is not a name", where=where, fix="names do not start with _")
    return tree


def _depth(tree: ast.AST) -> int:
    """Count levels without recursion, so that the count itself cannot run out of stack."""
    level, depth = [tree], 0
    while level and depth <= DEEPEST:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


def _equalities(nodes: list[ast.AST]) -> list[tuple[str, Json]]:
    """Collect `name == literal` and `name in [literals]`, so that callers can check levels by name."""
    found: list[tuple[str, Json]] = []
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and len(node.comparators) == 1:
            right = node.comparators[0]
            if isinstance(right, ast.Constant):
                found.append((node.left.id, right.value))
            elif isinstance(right, ast.List | ast.Tuple):
                found += [(node.left.id, item.value) for item in right.elts if isinstance(item, ast.Constant)]
    return found


def _value(node: ast.AST, names: Mapping[str, Any], scope: Mapping[str, Callable[..., Any]]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _named(name, names)
        case ast.Attribute(value=inner, attr=field):
            return _field(_value(inner, names, scope), field)
        case ast.Subscript(value=inner, slice=key):
            return _field(_value(inner, names, scope), _value(key, names, scope))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, names, scope) for item in items]
        case ast.BoolOp(op=kind, values=parts):
            return _boolean(kind, parts, names, scope)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _value(inner, names, scope)
        case ast.UnaryOp(operand=inner):
            return -_value(inner, names, scope)
        case ast.IfExp(test=test, body=yes, orelse=no):
            return _value(yes if _value(test, names, scope) else no, names, scope)
        case ast.BinOp(left=left, op=kind, right=right):
            return _arithmetic(kind, _value(left, names, scope), _value(right, names, scope))
        case ast.Compare(left=left, ops=kinds, comparators=rights):
            return _chain(_value(left, names, scope), kinds, [_value(right, names, scope) for right in rights])
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, [_value(arg, names, scope) for arg in args], scope)
    raise ExpressionFault(f"{type(node).__name__} is not allowed")


def _named(name: str, names: Mapping[str, Any]) -> Any:
    if name in names:
        return names[name]
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    raise ExpressionFault(f"unknown name '{name}'", fix=f"known: {', '.join(sorted(names)) or 'none'}")


def _field(value: Any, field: Any) -> Any:
    """Look a field up in JSON; what is absent is None, so that rules can ask about missing results."""
    if isinstance(value, Mapping):
        return value.get(field)
    if isinstance(value, list | tuple) and isinstance(field, int):
        return value[field] if -len(value) <= field < len(value) else None
    if value is None:
        return None
    raise ExpressionFault(f"'{field}' asked of {type(value).__name__}", fix="only rows and results have fields")


def _boolean(kind: ast.AST, parts: list[ast.expr], names: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    value: Any = None
    for part in parts:
        value = _value(part, names, scope)
        if bool(value) != isinstance(kind, ast.And):
            return value
    return value


def _arithmetic(kind: ast.AST, left: Any, right: Any) -> Any:
    # without this, 1000000000 * 'a' would be allowed
    texts = isinstance(left, str | list) or isinstance(right, str | list)
    if texts and not (isinstance(kind, ast.Add) and type(left) is type(right)):
        raise ExpressionFault("text and lists can only be added to their like")
    return _ARITHMETIC[type(kind)](left, right)


def _chain(left: Any, kinds: list[ast.cmpop], rights: list[Any]) -> bool:
    for kind, right in zip(kinds, rights, strict=True):
        if not _compared(left, kind, right):
            return False
        left = right
    return True


def _compared(left: Any, kind: ast.cmpop, right: Any) -> bool:
    """Compare; what is absent (None) is never more or less than anything and holds nothing."""
    if isinstance(kind, ast.In | ast.NotIn) and right is None:
        return isinstance(kind, ast.NotIn)
    if isinstance(kind, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and (left is None or right is None):
        return False
    return bool(_COMPARE[type(kind)](left, right))


def _call(name: str, args: list[Any], scope: Mapping[str, Callable[..., Any]]) -> Any:
    if name not in scope:
        raise ExpressionFault(f"unknown function '{name}'", fix=f"known: {', '.join(sorted(scope))}")
    return scope[name](*args)
