"""What a spec may say about admission."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from turnwright.domains.declaration import Strict

__all__ = ["AdmitSettings"]


class AdmitSettings(Strict):
    """When the set takes a conversation that verification has passed.

    near_duplicate: a conversation whose words overlap with an admitted one by at least so much is rejected (Jaccard
    similarity of the sets of three words in a row, estimated by MinHash; 1 leaves only equal sets). The same words
    in the same order are always rejected.
    mask_values: compare without the values, so that two conversations that only differ in names and numbers are
    duplicates. Off by default: where the words come from a domain's few phrasings, the values are what differs.
    skeleton_share: the largest share of the set that one act skeleton may have (1 is no limit); the first ten
    conversations of a skeleton are always taken. skeleton_limit: the most conversations of one skeleton.
    limit: factor → level → the most conversations with that level.
    held_out: JSONL files that the set must not repeat, relative to the spec (`messages`, `conversations` or `turns`).
    held_out_share: a conversation is contaminated when at least so much of its telling runs of `held_out_words` words
    stands in those files too (`held_out.py` says which runs tell).
    """

    near_duplicate: float = Field(default=0.9, gt=0, le=1)
    mask_values: bool = False
    skeleton_share: float = Field(default=1.0, gt=0, le=1)
    skeleton_limit: int | None = Field(default=None, ge=1)
    limit: dict[str, dict[str, Annotated[int, Field(ge=0)]]] = {}
    held_out: list[str] = []
    held_out_share: float = Field(default=0.3, gt=0, le=1)
    held_out_words: int = Field(default=8, ge=3, le=50)
