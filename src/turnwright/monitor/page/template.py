"""The templates of this stage's pages, compiled once, in a sandbox that escapes every word, and the look they share."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["look", "template"]


@lru_cache(maxsize=4)
def template(name: str) -> Template:
    """The template `NAME.html.j2`; a value that it needs and does not get is an error."""
    rules = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return rules.from_string(_read(f"{name}.html.j2"))


@lru_cache(maxsize=1)
def look() -> str:
    """The style sheet of all pages: light and dark, narrow and wide, on paper."""
    return _read("look.css")


def _read(name: str) -> str:
    return resources.files("turnwright.monitor").joinpath("page", name).read_text(encoding="utf-8")
