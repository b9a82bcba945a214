"""The front matter of a dataset card: what hubs and `datasets` read to find, describe and load a set.

Fields: https://huggingface.co/docs/hub/datasets-cards and, for `configs`, datasets-manual-configuration.
"""

from __future__ import annotations

import re

import yaml

from turnwright.domains import Domain
from turnwright.export.manifest import Manifest
from turnwright.export.markdown import UNKNOWN

__all__ = ["ORDER", "configured", "front_matter", "hub_split"]

ORDER = ("trl", "openai", "sharegpt", "preference", "critique", "parquet")
"""Formats as configurations; the first that was written is the default one."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "n>1M"


def front_matter(manifest: Manifest, domain: Domain, licence: str = "") -> str:
    """The block between `---` lines; a set without files has no configurations.

    licence: of the set, as the spec states it; `unknown` where it states none.
    """
    tags = ["synthetic", "conversational", "multi-turn", *(["tool-use"] if domain.tools else []), "turnwright"]
    fields: dict[str, object] = {
        "pretty_name": domain.spec.title,
        "language": [domain.spec.language],
        **_licence(licence),
        "task_categories": ["text-generation"],
        "size_categories": [next((name for top, name in SIZES if manifest.conversations < top), LARGEST)],
        "tags": tags,
    }
    if configs := _configs(manifest):
        fields["configs"] = configs
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=1000)}---"


def _licence(licence: str) -> dict[str, str]:
    """The hub takes ids of licences; another text is `other` with a name."""
    if not licence.strip():
        return {"license": UNKNOWN}
    if re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", licence):
        return {"license": licence}
    return {"license": "other", "license_name": " ".join(licence.split())}


def configured(manifest: Manifest) -> tuple[str, ...]:
    """The formats that are configurations: `datasets` reads all of a folder with one builder, so that Parquet is one
    only where it stands alone.
    """
    written = [name for name in ORDER if any(file.format == name for file in manifest.files)]
    return tuple(name for name in written if name != "parquet" or len(written) == 1)


def _configs(manifest: Manifest) -> list[dict[str, object]]:
    configs: list[dict[str, object]] = []
    for name in configured(manifest):
        files = [file for file in manifest.files if file.format == name]
        files.sort(key=lambda file: list(manifest.splits).index(file.split))
        data = [{"split": hub_split(file.split), "path": file.path} for file in files]
        configs.append({"config_name": name, **({} if configs else {"default": True}), "data_files": data})
    return configs


def hub_split(split: str) -> str:
    """The split's name as `datasets` takes it."""
    return re.sub(r"\W", "_", split)
