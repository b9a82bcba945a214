"""The dataset card: hubs can read it, people learn what guards the set, and nothing on it is made up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from council_samples import debated
from export_samples import kept, plain, some

from turnwright.domains import Domain, load_domain
from turnwright.errors import InputError
from turnwright.export import FORMATS, CardFacts, ExportSettings, Guard, Manifest, Written, card, export
from turnwright.export.front_matter import ORDER
from turnwright.export.markdown import escaped

GUARDS = (
    Guard(defect="wrong_value", guarded_by="check values", severity="fault"),
    Guard(
        defect="rudeness", guarded_by="arbiter", detail="licensed: miss <= 4.9 %, false alarms <= 8.1 %",
        severity="fault",
    ),
    Guard(defect="unfairness", detail="no licence: 3 of 59 planted were missed", severity="fatal"),
)  # fmt: skip
FACTS = CardFacts(
    counts={"outcome": {"resolved": 30, "abandoned": 10}, "intent": {"refund": 40}, "way": {"fill": 40}},
    origins={"template": Written(turns=30, words=300), "model": Written(turns=10, words=100)},
    roles={"teacher": "big@1", "arbiter": "other@2"},
    guards=GUARDS,
    warnings=("the arbiter is the teacher's model",),
    rejected={"verify: wrong_value": 7},
    spec_hash="sp_1",
    views=("natural",),
    licence="cc-by-4.0",
    scenarios=47,
    council={"objections upheld": 12},
)


def made(shop: Domain, folder: Path, facts: CardFacts = FACTS, count: int = 40, **settings: Any) -> str:
    export(some(count), shop, ExportSettings(**settings), folder, card=lambda manifest: card(manifest, shop, facts))
    return (folder / "README.md").read_text(encoding="utf-8")


def front(text: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?\n)---\n", text, flags=re.S)
    assert found
    value = yaml.safe_load(found[1])
    assert isinstance(value, dict)
    return value


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


# --- front matter -------------------------------------------------------------------------------------------------


def test_the_front_matter_says_what_a_hub_asks_for(shop: Domain, tmp_path: Path) -> None:
    fields = front(made(shop, tmp_path))
    assert fields["language"] == ["en"]
    assert fields["license"] == "cc-by-4.0"
    assert fields["task_categories"] == ["text-generation"]
    assert fields["size_categories"] == ["n<1K"]
    assert {"synthetic", "multi-turn", "tool-use"} <= set(fields["tags"])
    assert fields["pretty_name"] == shop.spec.title


def test_every_file_of_json_lines_is_in_a_configuration(shop: Domain, tmp_path: Path) -> None:
    formats = ["openai", "sharegpt", "trl"]
    configs = {
        config["config_name"]: config for config in front(made(shop, tmp_path, count=120, formats=formats))["configs"]
    }
    named = {data["path"] for config in configs.values() for data in config["data_files"]}
    assert tuple(configs) == ("trl", "openai", "sharegpt")
    on_disk = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*") if "provenance" not in path.name}
    assert named == on_disk
    assert [name for name, config in configs.items() if config.get("default")] == ["trl"]
    assert [data["split"] for data in configs["trl"]["data_files"]] == ["train", "validation", "test"]


def test_datasets_loads_the_folder_by_its_card(shop: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets", reason="datasets is not installed (pip install 'turnwright[dev]')")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    folder, cache = tmp_path / "out", str(tmp_path / "cache")
    manifest = export(
        [debated(number) for number in range(60)], shop,
        ExportSettings(formats=["openai", "trl", "preference"], splits={"train": 0.7, "held-out": 0.3}), folder,
        card=lambda manifest: card(manifest, shop, FACTS),
    )  # fmt: skip
    for name in ("trl", "preference"):
        data = datasets.load_dataset(str(folder), name, cache_dir=cache)
        assert {split: len(data[split]) for split in data} == {
            "train": manifest.splits["train"], "held_out": manifest.splits["held-out"],
        }  # fmt: skip
    assert len(datasets.load_dataset(str(folder), split="train", cache_dir=cache)) == manifest.splits["train"]


@pytest.mark.parametrize(
    ("licence", "fields"),
    [
        ("", {"license": "unknown"}),
        ("apache-2.0", {"license": "apache-2.0"}),
        ("All rights\n---\nlicense: mit", {"license": "other", "license_name": "All rights --- license: mit"}),
    ],
)
def test_a_licence_is_the_specs_or_unknown(licence: str, fields: dict[str, str], shop: Domain, tmp_path: Path) -> None:
    text = made(shop, tmp_path, CardFacts(licence=licence))
    assert {key: value for key, value in front(text).items() if key.startswith("license")} == fields
    assert "| licence of the set | unknown |" in text or licence


def test_every_format_has_a_place_on_the_card() -> None:
    assert set(ORDER) == {*FORMATS, "parquet"}


# --- guards and warnings ------------------------------------------------------------------------------------------


def test_every_defect_class_says_what_guards_it_or_that_nothing_does(shop: Domain, tmp_path: Path) -> None:
    rows = cells(section(made(shop, tmp_path), "What guards it"))
    assert rows[0] == ["defect", "severity", "guarded by"]
    assert rows[2:] == [
        [r"wrong\_value", "fault", "check values"],
        ["rudeness", "fault", "arbiter, licensed: miss &lt;= 4.9 %, false alarms &lt;= 8.1 %"],
        ["unfairness", "fatal", "**unguarded**, no licence: 3 of 59 planted were missed"],
    ]


def test_warnings_and_unguarded_classes_stand_before_everything_else(shop: Domain, tmp_path: Path) -> None:
    opening = made(shop, tmp_path).split("\n## ")[0]
    assert "> 🔴 **Warning:** the arbiter is the teacher's model" in opening
    assert "> 🔴 **Unguarded:** nothing looks for unfairness in this set." in opening
    assert "🔴" not in made(shop, tmp_path, CardFacts(guards=GUARDS[:2]))


# --- figures ------------------------------------------------------------------------------------------------------


def test_the_cards_figures_are_those_of_the_run(shop: Domain, tmp_path: Path) -> None:
    text = made(shop, tmp_path)
    counts = cells(section(text, "Counts"))
    assert ["resolved", "30"] in counts
    assert ["refund", "40"] in counts
    splits = dict(row for row in counts if row[0] in ("train", "validation", "test"))
    assert sum(int(number) for number in splits.values()) == 40
    assert ["template", "30 (75%)", "300 (75%)"] in cells(section(text, "Who wrote the words"))
    making = section(text, "How it was made")
    assert ["teacher", "big@1"] in cells(making)
    assert ["objections upheld", "12"] in cells(making)
    assert "Scenarios designed: 47." in making
    assert [r"verify: wrong\_value", "7"] in cells(section(text, "What was not taken"))
    assert "natural: " in section(text, "Limits")


def test_what_the_run_does_not_know_is_called_unknown(shop: Domain, tmp_path: Path) -> None:
    text = made(shop, tmp_path, CardFacts())
    for told in (
        "Guards by defect class: unknown.", "Origins of the turns: unknown.", "Models by role: unknown.",
        "By outcome: unknown.", "By intent: unknown.", "Rejected scenarios: unknown.", "Scenarios designed: unknown.",
        "Debates of a council: unknown.", "How to read the weights: unknown.", "| licence of the set | unknown |",
        "| source of the domain | unknown |", "| spec | unknown |",
    ):  # fmt: skip
        assert told in text, told


def test_the_card_claims_a_blueprint_only_for_ways_that_follow_one(shop: Domain, tmp_path: Path) -> None:
    claim, naive = "executed before any words were written", "follow no blueprint"
    for way, claimed, confessed in (
        ({"fill": 3}, True, False),
        ({"naive": 3}, False, True),
        ({"fill": 1, "naive": 2}, True, True),
        ({}, False, False),
    ):
        text = made(shop, tmp_path, CardFacts(counts={"way": way}))
        assert ((claim in text), (naive in text)) == (claimed, confessed)


def test_nothing_rejected_and_no_debates_are_not_unknown(shop: Domain, tmp_path: Path) -> None:
    text = made(shop, tmp_path, CardFacts(rejected={}, council={}))
    assert "Nothing was rejected." in text
    assert "Debates of a council: none." in text


def test_what_a_format_left_out_is_among_the_limits(shop: Domain, tmp_path: Path) -> None:
    manifest = export([debated(1, final_trainable=False)], shop, ExportSettings(formats=["preference"]), tmp_path)
    assert r"Left out of preference: not\_to\_be\_learnt 1." in section(card(manifest, shop, FACTS), "Limits")


def test_a_set_without_files_has_a_card_without_configurations(shop: Domain, tmp_path: Path) -> None:
    text = made(shop, tmp_path, count=0)
    assert "configs" not in front(text)
    assert "No file was written." in text


# --- strangers' words ---------------------------------------------------------------------------------------------

HOSTILE = "x | y <script>a()</script> [l](http://e.x) ![i](u) `c` **b** _i_ #h www.e.x $m$ ~~s~~ &amp; \u202e\n---\n# T"


def test_words_of_strangers_stay_words() -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py comes with rich")
    renderer = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for text in (HOSTILE, "- a list", "1. one", "+ x", "=== x", "    code", "\u200b - x", "> quote", "| a | b |"):
        tokens = [token.type for token in renderer.parse(escaped(text))]
        assert tokens == ["paragraph_open", "inline", "paragraph_close"], text
        [inline] = [token for token in renderer.parse(escaped(text)) if token.type == "inline"]
        assert {child.type for child in inline.children} <= {"text", "text_special"}
        assert "".join(child.content for child in inline.children) == " ".join(
            text.translate({0x202E: None, 0x200B: None}).split()
        )


def test_hostile_names_cannot_break_a_card(shop: Domain, tmp_path: Path) -> None:
    facts = CardFacts(
        counts={HOSTILE: {HOSTILE: 1}}, origins={HOSTILE: Written(turns=1, words=1)}, roles={HOSTILE: HOSTILE},
        guards=(Guard(defect=HOSTILE, guarded_by=HOSTILE, detail=HOSTILE),), warnings=(HOSTILE,),
        rejected={HOSTILE: 1}, licence=HOSTILE, spec_hash=HOSTILE,
    )  # fmt: skip
    text = made(shop, tmp_path, facts)
    assert front(text)["license"] == "other"
    assert "<script>" not in text.split("\n---\n", 1)[1]
    assert "\u202e" not in text.split("\n---\n", 1)[1]
    assert [line for line in text.splitlines() if line.startswith("# ")] == [f"# {shop.spec.title}"]
    assert {len(row) for row in cells(section(text, "What guards it"))} == {3}


def test_a_domain_that_names_itself_like_front_matter_is_only_named(tmp_path: Path, shop: Domain) -> None:
    spec = shop.spec.model_copy(update={"title": "A shop\n---\nlicense: mit\n---\n# x", "source": "<b>"})
    odd = Domain(spec, shop.tools, shop.tables, shop.fingerprint)
    manifest = export([kept(1, plain())], shop, ExportSettings(), tmp_path)
    text = card(manifest, odd, CardFacts())
    assert front(text)["pretty_name"] == spec.title
    assert front(text)["license"] == "unknown"


# --- writing ------------------------------------------------------------------------------------------------------


def test_the_card_is_named_in_the_manifest_and_goes_with_an_export_that_has_none(shop: Domain, tmp_path: Path) -> None:
    made(shop, tmp_path)
    assert '"card": "README.md"' in (tmp_path / "manifest.json").read_text(encoding="utf-8")
    export(some(5), shop, ExportSettings(), tmp_path)
    assert not (tmp_path / "README.md").exists()


def test_a_readme_of_someone_else_is_not_removed(shop: Domain, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    for _ in range(2):
        export(some(5), shop, ExportSettings(), tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_card_that_cannot_be_made_leaves_the_earlier_export_as_it_was(shop: Domain, tmp_path: Path) -> None:
    made(shop, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def breaking(manifest: Manifest) -> str:
        raise InputError("no card today")

    with pytest.raises(InputError):
        export(some(3), shop, ExportSettings(), tmp_path, card=breaking)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_same_export_gives_the_same_card(shop: Domain, tmp_path: Path) -> None:
    assert made(shop, tmp_path / "a") == made(shop, tmp_path / "b")


def test_the_built_in_domain_has_a_card(tmp_path: Path) -> None:
    domain = load_domain("telecom_support")
    manifest = export([], domain, ExportSettings(), tmp_path)
    assert escaped(domain.spec.title) in card(manifest, domain, FACTS)
