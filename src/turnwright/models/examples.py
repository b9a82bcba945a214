"""The smallest JSON value that fits a JSON Schema, chosen by a seed where there is a choice: what a script answers
where a model would be constrained by the schema. Covers what turnwright's own prompts ask for, not all of JSON Schema.
"""

from __future__ import annotations

from turnwright.records import Json, derive_seed

__all__ = ["example"]


def example(schema: dict[str, Json], *, words: str, seed: int = 0) -> Json:
    """Return a value that fits; every free string becomes `words` (cut to its length limits)."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][derive_seed("enum", seed) % len(schema["enum"])]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example(schema[key][0], words=words, seed=seed)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        needed = schema.get("required", list(schema.get("properties", {})))
        return {name: example(schema["properties"][name], words=words, seed=seed) for name in needed}
    if kind == "array":
        return [example(schema.get("items", {}), words=words, seed=seed) for _ in range(schema.get("minItems", 1))]
    return _plain(kind, schema, words)


def _plain(kind: str, schema: dict[str, Json], words: str) -> Json:
    if kind == "string":
        return words[: schema.get("maxLength", len(words))].ljust(schema.get("minLength", 0), ".")
    if kind == "integer":
        return int(schema.get("minimum", 0))
    if kind == "number":
        return float(schema.get("minimum", 0))
    return False if kind == "boolean" else None
