"""Phrasings for an imported task: the assistant's from the replies, the user's generated from the schema.

A phrasing is a frame with a label and a `{slot}`. Frames depend on what a field is (a name, a city, a time, a count,
a secret) as its words and type tell; an unknown field gets the plain frames. Questions are answered in their own
words ("Would you like to search for any more flights?" gives "Yes, I'd like to search for some more flights.").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter

from turnwright.domains.importers import star_frames as frames
from turnwright.domains.importers.star_graph import Shape
from turnwright.domains.importers.star_schema import Field, words

__all__ = [
    "answering",
    "forgetting",
    "informing",
    "manners",
    "purpose",
    "requests",
    "templated",
    "volunteering",
]

FEW_PLAIN = 2
_FLIPPED = {"you": "me", "your": "my", "me": "you", "my": "your"}
_DEFINITE = re.compile(r"^(It|That|Yes|Sure|Of course|Right|Here|Let)\b|\?$")


def templated(text: str, slots: dict[str, str]) -> str:
    """A reply as a phrasing: `{balance:d}` becomes `{BankBalance}`."""
    out = ""
    for literal, name, _, _ in Formatter().parse(text):
        out += _plain(literal)
        out += f"{{{slots[name]}}}" if name else ""
    return out


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


# --- telling --------------------------------------------------------------------------------------------------------


def informing(field: Field, slot: str, known: bool) -> list[str]:
    """How a user answers when asked for the field; `known` for what people know, not wish."""
    later = () if slot == field.slot else frames.INSTEAD
    return _filled((*later, *_fitting(field, known)), field, slot)


def volunteering(field: Field, slot: str, known: bool) -> list[str]:
    """How a user tells the field unasked: frames that stand alone."""
    own = [frame for frame in _fitting(field, known) if _stands_alone(frame, field)]
    plain = frames.EARLY if known else frames.EARLY_WISHED
    telling = field.kind in ("Boolean", "LongString") or field.label in ("name", "full name")
    if telling and own:
        return _filled(own, field, slot)
    inline = () if known else _inline(field)
    return _filled(
        [*inline, *plain[: FEW_PLAIN if inline else None], *own[: FEW_PLAIN if inline else None]], field, slot
    )


def _inline(field: Field) -> tuple[str, ...]:
    """Ways to tell the field within the request ("... from {X}")."""
    about = set(words(field.label)) | set(words(field.name))
    return next((lines for word, lines in frames.INLINE.items() if word in about), ())


def forgetting(field: Field) -> list[str]:
    """How a user says that the field is not known."""
    return _filled(frames.UNKNOWN if field.name == "Reply" else frames.FORGOTTEN, field, field.slot)


def _filled(chosen: Iterable[str], field: Field, slot: str) -> list[str]:
    said = (frame.replace("{X}", f"{{{slot}}}").replace("{label}", field.label) for frame in chosen)
    return list(dict.fromkeys(said))


def _fitting(field: Field, known: bool) -> tuple[str, ...]:
    if field.kind == "Boolean":
        return frames.TRUE
    if field.label in ("name", "full name"):
        return frames.FRAMES["name"]
    if field.name == "Reply" or field.kind == "LongString":
        return frames.FRAMES["reply" if field.name == "Reply" else "report"]
    about = (set(words(field.label)) | set(words(field.name))) - {"name", "reply", "report"}
    fitting = (lines for word, lines in frames.FRAMES.items() if word in about)
    return frames.KNOWN if known else next(fitting, frames.WISHED)


def _stands_alone(frame: str, field: Field) -> bool:
    """Whether the frame says what the value is of, without the question before it."""
    if "{label}" in frame or field.kind in ("Boolean", "LongString"):
        return len(frame.split()) > 1 and not frame.startswith(("Yes", "Sure", "Only"))
    general = frame in frames.KNOWN or frame in frames.WISHED
    return not general and len(frame.split()) > 3 and not _DEFINITE.search(frame)


# --- asking for something -------------------------------------------------------------------------------------------


def requests(shape: Shape) -> list[str]:
    """How a user opens: what the task is for, from its replies, its name and the table of verb phrases."""
    do, what = _purpose(shape)
    name = set(words(shape.task.name))
    for key, phrases in frames.REQUESTS.items():
        if set(words(key)) <= name:
            do += phrases
    openings = [frame.replace("{do}", phrase) for phrase in dict.fromkeys(do) for frame in frames.OPENINGS]
    openings += [line for phrase in dict.fromkeys(do) for line in _direct(phrase)]
    return openings + [frame.replace("{what}", phrase) for phrase in what for frame in frames.OPENINGS_WITH]


def _direct(do: str) -> list[str]:
    """A wish without ado: as a question for what is wanted to be known, by its name for what is wanted to be had."""
    known = re.fullmatch(r"(?:know|check|find out|get) (?:what )?(?:the|my|a|an) (.+?)(?: will be like)?", do)
    had = re.fullmatch(r"(?:book|reserve|make|find|look for|report|file|get|use|enter) ((?:the|my|a|an) .+)", do)
    out: list[str] = []
    if known:
        own = "my" if " my " in f" {do} " else "the"
        out += [frame.replace("{what}", f"{own} {known[1]}") for frame in frames.TO_KNOW]
    if had:
        out += [frame.replace("{what}", had[1]) for frame in frames.TO_HAVE]
    return out


def purpose(shape: Shape) -> str:
    """What the task is for, as a verb phrase about users."""
    do, what = _purpose(shape)
    return re.sub(r"\bmy\b", "their", do[0] if do else f"get help with {what[0]}")


def _purpose(shape: Shape) -> tuple[list[str], list[str]]:
    """What the user wants to do, or what it is about, from the reply "I am only able to (help you) ... "."""
    text = shape.said(shape.repeat) if shape.repeat else ""
    found = re.search(r"only able to (?:help you )?(?:(with) )?(?:to )?(.+?)\.?$", text)
    if found is None:
        return [], [_plain(shape.task.title)]
    phrase = _plain(re.sub(r"^(tell|give|show) you ", "know ", found[2]).replace("your", "my"))
    return ([], [phrase]) if found[1] else ([phrase], [])


# --- answering a question -------------------------------------------------------------------------------------------


def answering(text: str, answer: str) -> list[str]:
    """How a user answers this question with yes, no, done, none or unsure: plain, and in the question's own words."""
    plain = {
        "yes": frames.YES,
        "no": frames.NO,
        "done": frames.DONE,
        "none": frames.OFFER_NONE,
        "unsure": frames.UNSURE,
    }[answer]
    question = re.split(r"(?<=[.!])\s+", text.strip())[-1].rstrip("?")
    question = re.sub(r"^(?:\{[^{}]*\}\s*)+", "", question)  # what is filled in there ends without a full stop
    choice = re.fullmatch(r"(?:Can I|Do you) (.+?) or (?:do|would) you (?:require|like|need) (.+)", question)
    if choice and answer in ("yes", "no", "done"):
        return _of_two(_flipped(choice[1]), _flipped(choice[2]), answer)
    wish = re.match(r"Would you like to (.+)", question)
    if wish and answer in ("yes", "no"):
        return [*plain, *_of_wish(_flipped(wish[1]), answer)]
    offer = re.match(r"(?:Should|Can|May|Shall) I (.+)", question)
    if offer and answer in ("yes", "no"):
        return [*plain, *_of_offer(_flipped(offer[1]), answer)]
    return list(plain)


def _of_wish(what: str, answer: str) -> list[str]:
    more = what.replace(" any ", " some ")
    if answer == "yes":
        return [f"Yes, I'd like to {more}.", f"yes, let's {more}", f"Sure, I want to {more}."]
    return [f"No, I don't want to {what}.", f"No, I don't need to {what}.", f"I don't want to {what}, thanks."]


def _of_offer(what: str, answer: str) -> list[str]:
    if answer == "yes":
        return [f"Yes, please {what}.", f"Yes, you can {what}.", f"please {what}", f"Sure, {what}."]
    return [f"No, please don't {what}.", f"No, don't {what}.", f"Wait, don't {what} yet.", "I'd like another one."]


def _of_two(one: str, other: str, answer: str) -> list[str]:
    """Answers to "Can I X or do you require Y?", where a bare yes or no would not say which."""
    if answer == "no":
        return [
            f"I need {other}.", f"Can I have {other}?", f"I'd like {other}.", f"{other} please",
            "Can you explain that in more detail?", "I don't quite get that, what exactly do you mean?",
            "Could you be more precise?", f"No, I require {other}.", "That's not clear to me.", "Where is that?",
        ]  # fmt: skip
    if one.split()[0] in ("know", "see", "understand") or answer == "done":
        known = one if answer == "yes" or one.split()[0] != "proceed" else "know the way from here"
        return [f"Yes, I {known}.", f"I {known}, thanks.", "Got it, thank you.", *frames.DONE]
    return [
        f"You can {one}.", f"Please {one}.", f"{one}", "Next.", "What's next?", "Ok, go on.", "Got it, next step.",
        f"Yes, {one}.", "continue please", "I understand, what's the next step?", "Ok.",
    ]  # fmt: skip


def _flipped(text: str) -> str:
    """Change who speaks: `your reservation` → `my reservation`."""
    return " ".join(_FLIPPED.get(word.lower(), word) for word in text.split())


def manners(shape: Shape) -> dict[str, list[str]]:
    """Acts of any user, in more words than the standard ones; what is out of scope are other tasks' requests."""
    name = set(words(shape.task.name))
    other = [lines for key, lines in frames.REQUESTS.items() if not set(words(key)) & name]
    strange = [f"Can you also help me {line}?" for lines in other for line in lines[:2]]
    return {**frames.MANNERS, "unclear": [*frames.STRANGE, *strange]}
