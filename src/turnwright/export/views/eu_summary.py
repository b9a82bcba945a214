"""What a set tells of itself for section 2.5 ("Synthetic data") of the EU summary of training content.

Template: European Commission, "Template for the Public Summary of Training Content for general-purpose AI models
required by Article 53(1)(d) of Regulation (EU) 2024/1689 (AI Act)", 24 July 2025. The summary is the duty of whoever
trains a model; this is the part that the maker of a synthetic set can fill in for them. Words that people wrote are
not synthetic: they are counted here, and belong to other sections of the template.
"""

from __future__ import annotations

from turnwright.export.views import wording
from turnwright.export.views.facts import HUMAN, MODEL, UNKNOWN, ViewFacts, said
from turnwright.records import Json

__all__ = ["QUESTIONS", "eu_summary"]

QUESTIONS = {
    "created": "Was synthetic AI-generated data created by the provider or on their behalf to train the model?",
    "modality": "Modality of the synthetic data",
    "models": "General-purpose AI model(s) used to generate the synthetic data if available on the market",
    "others": (
        "Information about other AI models, including the provider's own AI model(s) not available on the market, used"
        " to generate synthetic data to train the model"
    ),
    "comments": "Additional comments (optional)",
}
"""The fields of section 2.5, as the template asks for them."""


def eu_summary(facts: ViewFacts) -> dict[str, Json]:
    """Section 2.5 for this set: question → answer. Which models are on the market, a run does not know."""
    answers: dict[str, Json] = {
        "created": _created(facts),
        "modality": "text",
        "models": _models(facts),
        "others": UNKNOWN,
        "comments": _comments(facts),
    }
    return {
        "template": "Public summary of training content, Article 53(1)(d) of Regulation (EU) 2024/1689, 24 July 2025",
        "section": "2.5 Synthetic data",
        "set": facts.id,
        "answers": {QUESTIONS[name]: answer for name, answer in answers.items()},
    }


def _created(facts: ViewFacts) -> str:
    if not facts.origins:
        return UNKNOWN
    return "yes" if facts.origins.keys() & MODEL else "no"


def _models(facts: ViewFacts) -> Json:
    """Models that wrote words of the set; those that only judged wrote none of it."""
    if not facts.writers:
        return UNKNOWN if _created(facts) != "no" else []
    return [
        {
            "model": wrote.model,
            "roles": sorted(role for role, plays in facts.roles.items() if plays == wrote.model) or [UNKNOWN],
            "turns": wrote.turns,
            "tokens": wrote.tokens,
            "licence": wrote.facts.licence,
            "may others learn from its words": wrote.facts.terms,
            "watermark": wrote.facts.watermark,
            "available on the market": UNKNOWN,
            "link to its summary of training content": UNKNOWN,
        }
        for wrote in facts.writers
    ]


def _comments(facts: ViewFacts) -> dict[str, Json]:
    people = sum(one.words for name, one in facts.origins.items() if name in HUMAN)
    return {
        "description": wording.description(facts),
        "how it was made": wording.making(facts),
        "conversations": facts.conversations,
        "words": UNKNOWN if facts.words is None else facts.words,
        "words by people, which belong to other sections": people if facts.origins else UNKNOWN,
        "sources of these": wording.sources(facts),
        "language": said(facts.language),
        "licence of the set": said(facts.licence),
        "licence by all sources together": facts.worst_licence,
        "period of generation": UNKNOWN,
        "spec": said(facts.spec),
        "ledger": said(facts.head),
    }
