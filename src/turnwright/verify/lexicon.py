"""What a domain says from the start, read once: declared texts and their values, inner names, acts, tools by kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from turnwright.domains import Domain
from turnwright.records import Json
from turnwright.verify.grounds import Grounds
from turnwright.verify.reading import fold, words_of

__all__ = ["Lexicon", "lexicon_of"]

_STATING = frozenset(["enum", "const", "default", "description", "examples", "minimum", "maximum", "title"])
_OWN_WORDS = 4
_EITHER = frozenset(["greet", "bye", "thank", "acknowledge", "affirm", "deny", "no_more"])
"""Acts of the user whose words may as well be the assistant's."""
_SLOT = re.compile(r"\{[^{}]*\}")


class Lexicon:
    """A domain as the checks need it; built once a domain and never changed."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.writes = frozenset(name for name, tool in domain.tools.items() if tool.writes)
        self.secrets = tuple(name for name, slot in domain.spec.slots.items() if slot.secret)
        general = set(domain.spec.behaviour.model_dump().values())
        self.general_acts = frozenset(act for act in general if isinstance(act, str) and act)
        nodes = [node for flow in domain.spec.flows.values() for node in flow.nodes.values()]
        self._by_act: dict[tuple[str, str], str] = {}
        self.call_acts = frozenset(domain.tools) | {node.act for node in nodes if node.act}

    @cached_property
    def assistant(self) -> Grounds:
        """What the assistant may always say: policy, documents, tool descriptions, its own phrasings, today."""
        spec, grounds = self.domain.spec, Grounds()
        for text in (spec.policy, spec.title, spec.summary, spec.now, *self._phrasings("assistant")):
            grounds.learn(text)
        for document in spec.documents:
            for text in (*document.answers, *document.asks):
                grounds.learn(text)
        for tool in spec.tools:
            grounds.learn(tool.description)
            for part in _stated(tool.parameters):
                grounds.learn(part)
        return grounds

    @cached_property
    def user(self) -> Grounds:
        """What the user may always say: the values in the domain's own phrasings and questions."""
        grounds = Grounds()
        documents = [ask for document in self.domain.spec.documents for ask in document.asks]
        for text in (*self._phrasings("user"), *documents, self.domain.spec.now):
            grounds.learn(text)
        return grounds

    @cached_property
    def inner_names(self) -> frozenset[str]:
        """Names with an underscore that only the machinery uses: tools, acts, slots, nodes, levels."""
        spec = self.domain.spec
        names = {*self.domain.tools, *self.domain.user_acts, *self.domain.assistant_acts, *spec.slots, *spec.intents}
        for flow in spec.flows.values():
            names |= set(flow.nodes)
        for tool in spec.tools:
            names |= set(tool.parameters.get("properties", {}))
        return frozenset(name.casefold() for name in names if "_" in name)

    @cached_property
    def own_words(self) -> str:
        """Every declared text, folded: what stands here is the domain's own way to speak."""
        spec = self.domain.spec
        texts = [spec.policy, spec.title, spec.summary, *self._phrasings("assistant"), *self._phrasings("user")]
        texts += [text for document in spec.documents for text in (*document.asks, *document.answers)]
        texts += [intent.goal for intent in spec.intents.values()]
        return fold("\n".join(texts))

    def phrasings_of(self, role: str, act: str) -> str:
        """The domain's phrasings of an act (documents for the answering act), folded, a line each."""
        if (role, act) not in self._by_act:
            spec = self.domain.acts(role).get(act)
            texts = list(spec.phrasings) if spec else []
            if role == "assistant" and act == self.domain.spec.behaviour.answer:
                texts += [answer for document in self.domain.spec.documents for answer in document.answers]
            self._by_act[role, act] = fold("\n".join(texts))
        return self._by_act[role, act]

    def worded(self, role: str, act: str, text: str) -> bool:
        """Whether a folded text holds a phrasing of this act, whatever values stand in it."""
        phrasings = self.phrasings_of(role, act).split("\n")
        patterns = (".+?".join(re.escape(part) for part in _SLOT.split(phrasing)) for phrasing in phrasings if phrasing)
        return any(re.search(pattern, text) for pattern in patterns)

    def sides(self, folded: str) -> set[str]:
        """The sides that have a phrasing of which this folded text is the whole, whatever values stand in it."""
        text = folded.strip()
        first, _, rest = text.partition(" ")
        keys = (f"{first} {rest.partition(' ')[0]}", first, "")
        found = (entry for key in keys for entry in self._wholes.get(key, ()))
        return {role for role, pattern in found if pattern.fullmatch(text)}

    @cached_property
    def _wholes(self) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
        """First two words (one, none, where a value follows) → phrasings with enough words of their own, by side."""
        wholes: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        goodbye = self.domain.spec.behaviour.goodbye
        for role in ("user", "assistant"):
            for name, act in self.domain.acts(role).items():
                sides = ("user", "assistant") if name in _EITHER or name == goodbye else (role,)
                for phrasing in act.phrasings:
                    parts = _SLOT.split(fold(phrasing))
                    if len(words_of(" ".join(parts))) < _OWN_WORDS:
                        continue
                    pattern = re.compile(".{1,60}?".join(re.escape(part) for part in parts))
                    known = parts[0].split(" ")[: 2 if len(parts) == 1 else -1][:2]
                    wholes.setdefault(" ".join(known), []).extend((side, pattern) for side in sides)
        return wholes

    def siblings(self, form: str) -> set[str]:
        """The word forms of every column of the world in which this word form stands; to name a mistaken value."""
        return {other for cells in self._columns if form in cells for other in cells}

    @cached_property
    def _columns(self) -> list[set[str]]:
        columns: dict[tuple[str, str], set[str]] = {}
        for table, rows in self.domain.tables.items():
            for row in rows.values():
                for field, cell in row.items():
                    if isinstance(cell, str) and 0 < len(cell) <= 80:
                        columns.setdefault((table, field), set()).add(f" {' '.join(words_of(cell))} ")
        return list(columns.values())

    def _phrasings(self, role: str) -> list[str]:
        acts = self.domain.acts(role).values()
        return [_SLOT.sub(" ", phrasing) for act in acts for phrasing in act.phrasings]


def _stated(schema: Json) -> Iterator[Json]:
    """What a JSON Schema says about values: choices, limits, defaults, descriptions."""
    if isinstance(schema, list):
        for item in schema:
            yield from _stated(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in _STATING:
                yield value if not isinstance(value, list) else {str(at): item for at, item in enumerate(value)}
            else:
                yield from _stated(value)


@lru_cache(maxsize=32)
def lexicon_of(domain: Domain) -> Lexicon:
    """The lexicon of a domain, made once."""
    return Lexicon(domain)
