"""What the scripted client can say: pure functions from a request to words, in one table.

`obliging` is what the whole pipeline is tested with: it does what a good model would do with a prompt of the
simulate stage. The others misbehave, each in one way; `blind` and `suspicious` are arbiters that no exam may license.
None of them is meant to be realistic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from turnwright.models.client import Reply, Request
from turnwright.models.playing import fair_clerk, frank_caller, partial_clerk, unequal_arbiter
from turnwright.records import Json, Usage, canonical, derive_seed

__all__ = [
    "SCRIPTS",
    "Script",
    "blind",
    "echo",
    "fitting",
    "flip",
    "garbage",
    "obliging",
    "quarrelsome",
    "silent",
    "suspicious",
    "wordy",
]

Script = Callable[[Request], str | Reply]

_OPENINGS = ("", "ok, ", "hi, ", "well, ", "so, ", "right, ", "hello, ", "um, ")
_ENDINGS = ("", " thanks", " please", " ok", " cheers")
_SAY = re.compile(r"^Say: (.*)$", re.MULTILINE)
_ASSISTANT = re.compile(r"^\[(\d+)\] assistant: (.*)$", re.MULTILINE)
_CITED = re.compile(r'^The words in question: "(.*)"$', re.MULTILINE)
_PLAIN = re.compile(r"\b[a-z]{4,}\b")

_FLIPS = (
    "I'm sorry, I can't help you with that. How may I assist you today?",
    "Thank you for contacting us. May I have your order number, please?",
    "As an AI assistant, I am happy to look into this for you.",
)
_JUNK = (
    '{"text": "the brace is never closed',
    "```json\n{'text': 'single quotes'}\n```",
    "\x00\x07\ufffd\u202e",
    "<|im_start|>assistant<|im_end|>",
    "[1, 2,, 3]",
    "NaN",
    "the the the the the the the the the the the the",
)


def obliging(request: Request) -> str:
    """Say what the last user message asks for in its line `Say: ...`, slightly varied by the seed.

    Digits and values are never touched. With a JSON Schema the reply is the smallest document that fits it,
    its strings filled from the same line.
    """
    asked = _SAY.findall(_last(request, "user"))
    words = asked[-1].strip() if asked else ""
    if request.json_schema is not None:
        return canonical(fitting(request.json_schema, words or "all right")).decode()
    return _varied(words, request.seed) if words else "All right."


def _varied(words: str, seed: int) -> str:
    opening = _OPENINGS[derive_seed("opening", seed) % len(_OPENINGS)]
    ending = _ENDINGS[derive_seed("ending", seed) % len(_ENDINGS)]
    if ending and words[-1] in ".!?":
        ending = f" {ending.strip().capitalize()}."
    return f"{opening}{words}{ending}"


def echo(request: Request) -> str:
    """Repeat the last user message."""
    return _last(request, "user")


def silent(request: Request) -> str:
    """Say nothing."""
    return ""


def garbage(request: Request) -> str:
    """Say something that is neither JSON nor language."""
    return _JUNK[_drawn(request, len(_JUNK))]


def flip(request: Request) -> str:
    """Speak like an assistant, whoever was asked to speak."""
    return _FLIPS[_drawn(request, len(_FLIPS))]


def blind(request: Request) -> str:
    """Answer no to every question; with a JSON Schema, the smallest document that fits it."""
    return _answering(request, "No")


def suspicious(request: Request) -> str:
    """Answer yes to every question; with a JSON Schema, the smallest document that fits it."""
    return _answering(request, "Yes")


def quarrelsome(request: Request) -> str:
    """Play a council: object to words of the assistant in half of all cases, concede or rebut, mend what was cited.

    Knows the prompts of the refine stage; to everything else it says what `obliging` says.
    """
    fields = (request.json_schema or {}).get("properties", {})
    asked, drawn = _last(request, "user"), derive_seed("quarrel", request)
    if "objections" in fields:
        return canonical({"objections": _objections(asked, fields, drawn)}).decode()
    if "scratchpad" not in fields:
        return obliging(request)
    quote = _CITED.search(asked)
    reply = {
        "scratchpad": "Step by step: I look at the words again.",
        "replacement": f"indeed {quote[1] if quote else ''}",
    }
    if "stance" in fields:
        reply |= {"stance": ("concede", "rebut")[drawn % 2], "argument": "The policy says nothing against these words."}
    return canonical(reply).decode()


def _objections(asked: str, fields: dict[str, Json], drawn: int) -> list[Json]:
    said = [(int(turn), words) for turn, words in _ASSISTANT.findall(asked) if _PLAIN.findall(words)]
    if drawn % 2 or not said:
        return []
    turn, words = said[drawn // 2 % len(said)]
    classes = fields["objections"]["items"]["properties"]["defect"]["enum"]
    quote = _PLAIN.findall(words)[0]
    claim = f"'{quote}' is out of place here"
    return [
        {"turns": [turn], "quote": quote, "defect": classes[drawn // 4 % len(classes)], "claim": claim, "change": ""}
    ]


def wordy(request: Request) -> Reply:
    """Answer no in a sentence, as an endpoint does that gives no logprobs."""
    text = _answering(request, "No, I see nothing of the kind here.")
    return Reply(text=text, usage=Usage(calls=1, prompt_tokens=1, completion_tokens=1))


def _answering(request: Request, word: str) -> str:
    schema = request.json_schema
    return word if schema is None else canonical(fitting(schema, word)).decode()


SCRIPTS: Mapping[str, Script] = {
    "blind": blind,
    "echo": echo,
    "fair_clerk": fair_clerk,
    "flip": flip,
    "frank_caller": frank_caller,
    "garbage": garbage,
    "obliging": obliging,
    "partial_clerk": partial_clerk,
    "quarrelsome": quarrelsome,
    "silent": silent,
    "suspicious": suspicious,
    "unequal_arbiter": unequal_arbiter,
    "wordy": wordy,
}
"""Every named script; `ScriptedClient(script=...)` also takes a function."""


def fitting(schema: Json, words: str = "all right", root: Json = None) -> Json:
    """Return the smallest JSON value that fits a schema; free strings are `words`.

    Knows const, enum, type, anyOf, oneOf, allOf (first branch of each), required properties, minItems,
    minLength, maxLength, minimum, exclusiveMinimum, multipleOf and local `$ref`.
    """
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return {}
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "$ref" in schema:
        return fitting(_referred(schema["$ref"], root), words, root)
    for branches in ("anyOf", "oneOf", "allOf"):
        if branches in schema:
            return fitting(schema[branches][0], words, root)
    return _of_type(schema, words, root)


def _of_type(schema: dict[str, Json], words: str, root: Json) -> Json:
    match _type(schema):
        case "object":
            fields = schema.get("properties", {})
            return {name: fitting(fields.get(name, {}), words, root) for name in schema.get("required", ())}
        case "array":
            return [fitting(schema.get("items", {}), words, root)] * schema.get("minItems", 0)
        case "string":
            return words.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case _:
            return None


def _type(schema: dict[str, Json]) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        return next((name for name in declared if name != "null"), "null")
    if declared is not None:
        return str(declared)
    return "object" if "properties" in schema else "string"


def _number(schema: dict[str, Json]) -> Json:
    step = schema.get("multipleOf", 1)
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    if least is None:
        return min(0, schema.get("maximum", 0))
    value = -(-least // step) * step
    return value + step if value == schema.get("exclusiveMinimum") else value


def _referred(pointer: str, root: Json) -> Json:
    found = root
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _last(request: Request, role: str) -> str:
    return next((message.content for message in reversed(request.messages) if message.role == role), "")


def _drawn(request: Request, among: int) -> int:
    return derive_seed("script", request) % among
