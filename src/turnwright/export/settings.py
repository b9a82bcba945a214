"""What a spec may say about exports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from turnwright.domains.declaration import Strict, Word

__all__ = ["ExportSettings", "FormatName"]

FormatName = Literal["openai", "sharegpt", "trl", "preference", "critique", "parquet"]


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
    """

    formats: list[FormatName] = Field(default=["openai", "sharegpt", "trl", "preference"], min_length=1)
    splits: dict[Word, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    split_by: Literal["scenario", "levels"] = "scenario"
    view: Literal["natural", "stress"] = "natural"
    system: bool = True
    with_metadata: bool = True
    licence: str = ""
    scratchpad: bool = False

    @field_validator("formats")
    @classmethod
    def _once(cls, formats: list[FormatName]) -> list[FormatName]:
        if len(set(formats)) < len(formats):
            raise ValueError("name every format once")
        return formats

    @field_validator("splits")
    @classmethod
    def _shares(cls, splits: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= share < float("inf") for share in splits.values()) or sum(splits.values()) <= 0:
            raise ValueError("shares must be 0 or more, and one of them above 0")
        return splits
