"""The page of a comparison: it opens from disk, says what was and was not seen, and nothing in it is ever executed."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import msgspec
import pytest
from fidelity_cases import GATES, LEFT, LENGTH, MADE, MARKUP, SCRIPT, TAILS, WORDS

from turnwright.errors import InputError
from turnwright.monitor.page import fidelity_json, fidelity_page, read_fidelity, rounds_page, strips, wording
from turnwright.monitor.rounds import Level, RoundFigures, Watch, watch
from turnwright.records.fidelity import Fidelity, Reading


def words_of(page: str) -> str:
    """What a reader sees, on one line."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def of(**changed: object) -> Fidelity:
    return msgspec.structs.replace(MADE, **changed)


def test_the_page_asks_for_nothing_over_the_network_and_runs_nothing() -> None:
    page = fidelity_page(MADE, gates=GATES)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<link|<iframe|<img|\son\w+=", page, re.IGNORECASE)


def test_words_of_strangers_are_shown_as_they_read_and_never_become_markup_or_a_template() -> None:
    page = fidelity_page(MADE)
    assert SCRIPT not in page
    assert f"ask_{SCRIPT}" in unescape(page)
    assert MARKUP in unescape(page)
    assert "49" not in words_of(page).split()


def test_a_hostile_name_in_every_field_leaves_the_page_well_formed() -> None:
    evil = "\"'><b onclick=x>&"
    page = fidelity_page(
        of(
            sources=((evil,), (evil,)),
            readings=(msgspec.structs.replace(TAILS, name=evil, title=evil, family=evil, unit=evil, meaning=evil),),
            left_out=(evil,),
            notes=(evil,),
        ),
        heading=evil,
    )
    assert "<b onclick" not in page
    body = page.partition("<body>")[2].partition("</body>")[0]
    ElementTree.fromstring(f"<body>{body}</body>")


def test_every_figure_stands_on_the_page_with_interval_floor_chance_and_smallest_visible_effect() -> None:
    text = words_of(fidelity_page(MADE))
    for said in (
        "Tail retention", "0.410", "0.300…0.550", "0.88…1.13", "≤ 0.001, adjusted 0.004", "≤ 0.830",
        "400 reference and 400 synthetic conversations", "50 splits into 200 each", TAILS.meaning, WORDS.meaning,
        LENGTH.meaning, "± 1.90",
    ):  # fmt: skip
        assert said in text


def test_the_top_says_what_differs_what_is_a_hint_and_what_was_not_looked_at() -> None:
    text = words_of(fidelity_page(MADE))
    shown, hints = text.index("What is shown to differ"), text.index("Hints, which may be chance")
    sees, unread = text.index("What this sample can and cannot see"), text.index("What was not looked at")
    assert shown < text.index(TAILS.meaning) < hints < text.index(WORDS.meaning) < sees < unread
    assert text.count("no user turn has an act") == 2  # once on top, once where the figure would stand
    assert "levels: the reference tells none" in text
    assert "Vocabulary of politeness is English." in text


def test_figures_that_were_left_out_for_one_reason_stand_in_one_line() -> None:
    twin = msgspec.structs.replace(LEFT, name="more", title="More")
    lines = wording.unread(of(readings=(LEFT, twin), left_out=(f"More: {LEFT.left_out}", "other: why")))
    assert lines == [f"Acts of users, More: {LEFT.left_out}", "other: why"]


def test_a_light_is_told_by_a_word_and_a_sign_and_not_by_colour_alone() -> None:
    text = words_of(fidelity_page(MADE))
    for said in ("◆ shown", "▲ hint", "● not seen", "– not measured"):
        assert said in text
    drawn = [strips.strip(msgspec.structs.replace(TAILS, light=light)) for light in wording.SAID]
    marks = [re.findall(r"<(path|circle)([^>]*)/>", re.sub(r'class="[^"]*"', "", each))[-1] for each in drawn]
    assert len(set(marks)) == 4


@pytest.mark.parametrize(
    ("readings", "light", "says"),
    [
        ((TAILS, WORDS, LENGTH), "red", "1 of 3 figures shows it"),
        ((WORDS, LENGTH, LEFT), "amber", "No difference is shown. 1 of 2 figures looks unusual"),
        ((LENGTH,), "green", "not proof of equality"),
        ((LEFT,), "grey", "Nothing could be measured."),
        ((), "grey", "Nothing could be measured."),
    ],
)
def test_the_verdict_claims_no_more_than_the_figures_do(readings: tuple[Reading, ...], light: str, says: str) -> None:
    made = of(readings=readings, light=light)
    assert says in wording.verdict(made)
    assert says in words_of(fidelity_page(made))


def test_gates_stand_on_top_with_what_they_said() -> None:
    text = words_of(fidelity_page(MADE, gates=GATES))
    assert "tail_retention >= 0.8 0.410 0.280…0.600 breached: surely past it (stop)" in text
    assert "not read: no labels" in text
    assert "Gates" not in words_of(fidelity_page(MADE))


def test_a_strip_is_one_picture_in_which_all_marks_lie_inside() -> None:
    bare = msgspec.structs.replace(LENGTH, value=0.0, low=0.0, high=0.0, floor=None, smallest=None)
    for one in (TAILS, WORDS, LENGTH, bare):
        root = ElementTree.fromstring(strips.strip(one))
        width = float(root.attrib["width"])
        keys = ("x1", "x2", "cx", "x")
        places = [float(each.attrib[key]) for each in root.iter() for key in keys if key in each.attrib]
        assert all(0 <= place <= width for place in places)
        assert one.title in root.attrib["aria-label"]
    assert strips.strip(LEFT) == ""
    assert strips.strip(msgspec.structs.replace(LENGTH, value=float("inf"))) == ""


def test_ticks_are_round_numbers_within_the_strip() -> None:
    assert strips.ticks(0.0, 1.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert strips.ticks(-1.3, 1.4) == [-1.0, -0.5, 0.0, 0.5, 1.0] or strips.ticks(-1.3, 1.4) == [-1.0, 0.0, 1.0]
    assert strips.ticks(0.5, 0.5) == [0.5]


def test_a_chance_is_never_told_more_exactly_than_its_draws_can_tell() -> None:
    assert wording.chance(0.001, 999) == "≤ 0.001"
    assert wording.chance(0.002, 999) == "0.002"
    assert wording.chance(0.000001) == "< 0.001"
    assert wording.chance(None, 999) == "–"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0.0, "0"), (-0.0, "0"), (0.41, "0.410"), (-0.3, "−0.300"), (0.00042, "0.0004"), (1.5, "1.50"),
     (18.94, "18.9"), (12400, "12,400")],
)  # fmt: skip
def test_a_figure_has_as_many_digits_as_it_bears(value: float | None, said: str) -> None:
    assert wording.number(value) == said


def test_the_record_is_written_as_json_and_read_back_the_same() -> None:
    written = fidelity_json(MADE)
    assert read_fidelity(written) == MADE
    assert read_fidelity(written).id == MADE.id
    assert fidelity_page(read_fidelity(written)) == fidelity_page(MADE)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"n": [1]}', b"\xff\xfe"])
def test_something_else_is_no_comparison_and_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match="not a comparison") as caught:
        read_fidelity(data, where="fidelity.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"worse": "lower", "same": 1.0, "smallest": 0.2}, "≤ 0.800"),
        ({"worse": "lower", "same": 1.0, "smallest": 1.3}, "none at this size"),
        ({"worse": "higher", "same": 0.5, "smallest": 0.6, "unit": "AUC"}, "none at this size"),
        ({"worse": "either", "same": 1.0, "smallest": 0.25}, "≤ 0.75 or ≥ 1.25"),
        ({"worse": "either", "same": 0.0, "smallest": 0.25}, "± 0.250"),
        ({"smallest": None}, ""),
    ],
)
def test_what_would_have_been_found_is_a_value_that_the_figure_can_have(changed: dict[str, object], said: str) -> None:
    one = msgspec.structs.replace(TAILS, **changed)
    assert wording.visible(one) == said


def test_of_many_figures_that_differ_the_clearest_of_each_family_is_shown_and_the_rest_folded() -> None:
    many = tuple(
        msgspec.structs.replace(
            TAILS, name=f"f{n}", title=f"Figure {n}", family=f"Family {n % 2}", adjusted=0.04 - n / 1e3
        )
        for n in range(8)
    )
    page = fidelity_page(of(readings=many))
    top = page.partition("What this sample can")[0]
    open_, _, folded = top.partition("<details>")
    assert [n for n in range(8) if f"<b>Figure {n}</b>" in open_] == [6, 7]
    assert [n for n in range(8) if f"<b>Figure {n}</b>" in folded] == [0, 1, 2, 3, 4, 5]
    assert "and 6 more" in folded


# --- rounds -----------------------------------------------------------------------------------------------------


def followed(values: tuple[float, ...], human: float | None = 0.3) -> tuple[list[RoundFigures], Watch]:
    rounds = [
        RoundFigures(
            number=number, mode="replace", set=f"st_{number}", reference="st_a", conversations=200,
            levels=(Level(name="tail_retention", value=value, error=0.03, shared=0.02, floor=0.85),
                    Level(name="act_entropy", value=None, why=SCRIPT)),
            human_share=human, known=1.0,
        )
        for number, value in enumerate(values, start=1)
    ]  # fmt: skip
    return rounds, watch(rounds)


def test_the_page_over_rounds_shows_every_level_its_slope_and_the_alarm() -> None:
    text = words_of(rounds_page(*followed((1.0, 0.8, 0.6, 0.4, 0.2), human=0.02)))
    assert "Alarm since round" in text
    assert "Tail retention" in text
    assert "falls: −0.200 a round" in text
    assert "below the floor of 10%" in text
    assert "2.0%" in text
    assert f"Not measured: {SCRIPT}" in text


def test_rounds_that_stay_as_they_are_show_no_collapse_and_one_round_shows_nothing_yet() -> None:
    assert "No collapse is shown over 4 rounds" in words_of(rounds_page(*followed((0.98, 1.0, 0.97, 1.01))))
    assert "1 round: too few to say" in words_of(rounds_page(*followed((1.0,), human=None)))


def test_the_page_over_rounds_is_self_contained_too_and_escapes_what_it_is_told() -> None:
    page = rounds_page(*followed((1.0, 0.9, 0.8)))
    assert SCRIPT not in page
    assert not re.search(r"https?:|@import|url\(|<script|<link|<img", page, re.IGNORECASE)
    ElementTree.fromstring(f"<body>{page.partition('<body>')[2].partition('</body>')[0]}</body>")
