"""Prompts as files: one Jinja template each, rendered in a sandbox, with the hash that provenance records.

What models, users or tools said is only ever a value here, never a template.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Prompt", "prompt"]


class Prompt:
    """A compiled prompt of a stage. `hash` is `prompt:` and 12 hex digits of the SHA-256 of the file."""

    def __init__(self, stage: str, name: str) -> None:
        text = resources.files(f"turnwright.{stage}").joinpath("prompts", f"{name}.j2").read_text(encoding="utf-8")
        self.hash = f"prompt:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        self._template: Template = _environment().from_string(text)

    def render(self, **values: Any) -> str:
        """Return the prompt with these values; a value that the template needs and does not get is an error."""
        return self._template.render(**values).strip()


@lru_cache(maxsize=64)
def prompt(stage: str, name: str) -> Prompt:
    """Return the prompt `prompts/NAME.j2` of a stage, compiled once a process."""
    return Prompt(stage, name)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=False
    )
