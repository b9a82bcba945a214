"""Speaking to models: one protocol and the clients behind it, the catalogue of weights, limits and budget.

Clients answer one request; limits, retries and budget are put around them by the engine. Nothing here knows
what a conversation is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnwright.models.budget import Budget, Caps, Price, Reservation
from turnwright.models.catalogue import CATALOGUE, Entry, Listed, cache_folder, digest, entry_of, listed, located
from turnwright.models.client import (
    Answer,
    Client,
    Message,
    ModelCall,
    Reply,
    Request,
    Speaker,
    TokenLogprob,
)
from turnwright.models.download import Progress, pull
from turnwright.models.embedded import EmbeddedClient
from turnwright.models.limits import AdaptiveLimit, Permit, RetryPolicy, with_retries
from turnwright.models.scripted import FaultKind, Faults, ScriptedClient
from turnwright.models.scripts import SCRIPTS, Script

if TYPE_CHECKING:
    from turnwright.models.openai_compatible import OpenAICompatibleClient

__all__ = [
    "CATALOGUE",
    "SCRIPTS",
    "AdaptiveLimit",
    "Answer",
    "Budget",
    "Caps",
    "Client",
    "EmbeddedClient",
    "Entry",
    "FaultKind",
    "Faults",
    "Listed",
    "Message",
    "ModelCall",
    "OpenAICompatibleClient",
    "Permit",
    "Price",
    "Progress",
    "Reply",
    "Request",
    "Reservation",
    "RetryPolicy",
    "Script",
    "ScriptedClient",
    "Speaker",
    "TokenLogprob",
    "cache_folder",
    "digest",
    "entry_of",
    "listed",
    "located",
    "pull",
    "with_retries",
]


def __getattr__(name: str) -> object:
    if name == "OpenAICompatibleClient":
        # aiohttp takes longer to import than the rest of the package; only those who call an endpoint wait
        from turnwright.models.openai_compatible import OpenAICompatibleClient

        return OpenAICompatibleClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
