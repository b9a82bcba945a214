"""Roles: each side talks as itself. Phrases that only the other side (or a language model) would say.

A phrase that the domain itself gives to a side is never held against it. The reader, where there is one, is only
believed when it is nearly certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from turnwright.records import Defect, Turn
from turnwright.verify.check import Check

__all__ = ["Roles"]

_THINGS = (
    "account order bill plan line phone package refund booking reservation subscription request card details number id"
)
_THING = f"(?:{'|'.join(_THINGS.split())})"
_ASSISTANT_ONLY = re.compile(
    rf"""\b(?:
    how\s(?:can|may|could)\si\s(?:help|assist|be\sof)
  | (?:can|may)\si\s(?:help|assist)\syou
  | i(?:'m|\sam)\s(?:here|happy|glad|able)\sto\s(?:help|assist)\b(?!\smyself)
  | i(?:'d|\swould)\sbe\s(?:happy|glad|delighted)\sto\s(?:help|assist)
  | anything\selse\si\s(?:can|could|may)\s(?:do|help|assist)
  | i(?:'m|\sam)\s(?:so\s|very\s)?sorry,?\s(?:but\s)?i\s(?:can't|cannot|can\snot|am\sunable\sto)\s(?:help|assist)
  | i(?:'m|\sam)\s(?:unable|not\sable)\sto\s(?:help|assist)
  | thank\syou\sfor\s(?:contacting|calling|reaching\sout|choosing|your\s(?:patience|order|inquiry|enquiry))
  | (?:please\s)?(?:provide|share|confirm|verify)\s(?:me\swith\s)?your\s(?:\w+\s)?{_THING}
  | i(?:'ll|\swill|\shave|'ve)\s(?:now\s)?(?:check|look|process|cancel|update|refund|issue)(?:l?ed|s)?
      \s(?:on\s|up\s)?your\s(?:\w+\s)?{_THING}
  | let\sme\s(?:check|look\sup|pull\sup|verify)\syour\s(?:\w+\s)?{_THING}
  | your\s(?:satisfaction|business)\sis
  | we\sapologi[sz]e\sfor
  | our\scustomer\s(?:service|support|care)\s(?:team\s)?(?:will|is|can)
    )""",
    re.VERBOSE,
)
_USER_ONLY = re.compile(
    rf"""\b(?:
    (?:can|could)\syou\s(?:please\s)?help\sme\b
  | i\sneed\s(?:some\s|your\s)?help\b
  | i(?:'d\slike|\swould\slike|\swant|\sneed|\swanted)\sto\s
      (?:cancel|return|change|book|report|check|pay|dispute|upgrade)\s(?:\w+\s)?my\b
  | i\s(?:forgot|lost|don't\sremember|can't\sfind)\smy\b
  | my\s(?:\w+\s)?{_THING}\s(?:is|was|has|isn't|wasn't|hasn't|number\sis)\b
  | i(?:'m|\sam)\s(?:a|your)\s(?:\w+\s)?customer\b
  | why\s(?:was|am)\si\s(?:being\s)?(?:charged|billed)
  | i\swant\smy\smoney\sback
    )""",
    re.VERBOSE,
)
_BOILERPLATE = re.compile(
    r"""\b(?:
    as\san?\s(?:ai\b|artificial\sintelligence|(?:large\s)?language\smodel)
  | i(?:'m|\sam)\s(?:just\s|only\s)?an?\s(?:ai\b(?!-)|artificial\sintelligence|(?:large\s)?language\smodel)
  | large\slanguage\smodel
  | (?:chat\s?gpt|openai|anthropic|hugging\sface)
  | my\s(?:training\sdata|knowledge\scutoff|programming)
  | i\s(?:can't|cannot|can\snot|am\sunable\sto)\s(?:fulfil|fulfill|comply\swith|engage\sin)\b
  | (?:here(?:'s|\sis)|below\sis)\s(?:the|a|an|your|my)\s(?:\w+\s){0,2}
      (?:rewritten|rephrased|possible|sample|example|revised|next)\s(?:\w+\s)?(?:turn|message|reply|response|sentence|version|dialogue|conversation)
  | (?:continue|end\sof)\sthe\s(?:conversation|dialogue)\b
    )""",
    re.VERBOSE,
)
_SHORTEST = 4
_DOUBTED = ("model", "model-edited")


class Roles(Check):
    """Role flips by phrase (and by the reader, when there is one); boilerplate of language models."""

    name = "roles"
    kinds = ("role_flip", "boilerplate")

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if not turn.text or turn.role == "tool":
            return
        folded = self.context.said(turn.text).folded
        phrase = self._foreign(_BOILERPLATE, folded)
        if phrase:
            yield self.defect("boilerplate", index, f"'{phrase}' in '{turn.text}'")
            return
        phrase = self._foreign(_ASSISTANT_ONLY if turn.role == "user" else _USER_ONLY, folded, turn)
        other = "the assistant" if turn.role == "user" else "the user"
        if phrase:
            yield self.defect("role_flip", index, f"the {turn.role} talks like {other}: '{phrase}' in '{turn.text}'")
        elif self.context.lexicon.sides(folded) == {"assistant" if turn.role == "user" else "user"}:
            yield self.defect("role_flip", index, f"the {turn.role} says the words of {other}: '{turn.text}'")
        elif self._reads_as_other(turn):
            yield self.defect("role_flip", index, f"the {turn.role} talks like {other}: '{turn.text}'")

    def _foreign(self, pattern: re.Pattern[str], folded: str, turn: Turn | None = None) -> str:
        """The first phrase that the side's own declared words do not hold."""
        for match in pattern.finditer(folded):
            if turn is not None and self._owned(match.group(), turn):
                continue
            if turn is None and match.group() in self.context.lexicon.own_words:
                continue
            return match.group()
        return ""

    def _owned(self, phrase: str, turn: Turn) -> bool:
        lexicon = self.context.lexicon
        declared = any(phrase in lexicon.phrasings_of(turn.role, act) for act in self.context.domain.acts(turn.role))
        return declared or any(phrase in str(value).casefold() for _, value in turn.mentions)

    def _reads_as_other(self, turn: Turn) -> bool:
        """Ask the reader, which is dear, about words of a model; the domain's own and people's are not doubted."""
        reader, certainty = self.context.reader, self.context.settings.role_certainty
        if reader is None or turn.provenance.origin not in _DOUBTED:
            return False
        if len(self.context.said(turn.text).words) < _SHORTEST:
            return False
        assistant = reader.role(turn.text)
        return assistant >= certainty if turn.role == "user" else 1 - assistant >= certainty
