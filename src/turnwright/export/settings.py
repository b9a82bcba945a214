"""What a spec may say about exports."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, field_validator

from turnwright.domains.declaration import Strict, Word

__all__ = ["ExportSettings", "FormatName", "ViewName"]

FormatName = Literal["openai", "sharegpt", "trl", "preference", "critique", "parquet"]
ViewName = Literal["croissant", "data_trust", "eu_summary", "implicit_label", "prov", "prov_conversations"]
VIEWS: list[ViewName] = ["croissant", "data_trust", "eu_summary", "implicit_label", "prov"]


class ExportSettings(Strict):
    """Which files are written, and what stands in them.

    formats: `openai`, `sharegpt`, `trl`, `preference` and `critique` (JSON lines; the last two are what councils left
    behind, and have no file where there was no council), and `parquet` (needs pyarrow).
    splits: name → share; a split without a conversation has no file.
    split_by: `scenario` (every scenario falls by the hash of its id) or `levels` (scenarios with equal levels stay
    together, so that a test asks for combinations that training did not show).
    view: `natural` writes each scenario's weight, which reads the set as the target mix; `stress` writes 1 for
    all, so that rare cases count as often as they were designed.
    system: whether the domain's policy opens every conversation.
    licence: of the set, for its card (`apache-2.0`, or a name of your own); unknown where it is empty.
    with_metadata: whether lines say where their turns came from (OpenAI's in a file beside, see `openai_chat`).
    scratchpad: whether `critique` lines tell the teacher's private reasoning (as `reasoning_content`).
    views: descriptions of the set in the forms of standards, in the folder `views`; all that are one small file by
    default. `prov_conversations` writes a PROV document for every conversation.
    publisher, url, date: who made and publishes the set, where, and when (`2026-11-23`), for cards and views, since a
    run knows none of them; unknown where they are empty.
    """

    formats: list[FormatName] = Field(default=["openai", "sharegpt", "trl", "preference"], min_length=1)
    splits: dict[Word, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    split_by: Literal["scenario", "levels"] = "scenario"
    view: Literal["natural", "stress"] = "natural"
    system: bool = True
    with_metadata: bool = True
    licence: str = ""
    scratchpad: bool = False
    views: list[ViewName] = VIEWS
    publisher: str = ""
    url: str = ""
    date: datetime.date | None = None

    @field_validator("formats", "views")
    @classmethod
    def _once(cls, named: list[str]) -> list[str]:
        if len(set(named)) < len(named):
            raise ValueError("name every format and every view once")
        return named

    @field_validator("splits")
    @classmethod
    def _shares(cls, splits: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= share < float("inf") for share in splits.values()) or sum(splits.values()) <= 0:
            raise ValueError("shares must be 0 or more, and one of them above 0")
        return splits
