"""The picture of a set's worth: that it is sound, shows the figures, and takes no word as markup."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from turnwright.train import CurvePoint, Estimate, Overlap, Worth, worth_plot

SVG = "{http://www.w3.org/2000/svg}"


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


READ_OFF = estimate(22, 18, 27)


def made(real: Estimate = READ_OFF, score: float = 0.45, at_least: bool = False, plus: int = 0) -> Worth:
    curve = [(10, 0.31), (24, 0.47), (100, 0.59), (1000, 0.67), (1291, 0.69)]
    return Worth(
        conversations=1000,
        plus=plus,
        features="yardstick",
        score=estimate(score, score - 0.03, score + 0.03),
        seeds=3,
        real=real,
        at_least=at_least,
        rate=estimate(0.022, 0.018, 0.027),
        curve=tuple(
            CurvePoint(size=size, score=estimate(value, value - 0.03, value + 0.03), seeds=3, deviation=0.01)
            for size, value in curve
        ),
        overlap=Overlap(conversations=1000, copies=0, touching=0, sharing=0),
        test_conversations=468,
        test_decisions=4099,
    )


def drawn(worth: Worth) -> ElementTree.Element:
    return ElementTree.fromstring(worth_plot(worth))


def words(picture: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def test_the_picture_has_the_curve_the_score_and_the_read_off_where_they_meet() -> None:
    picture = drawn(made())
    said = words(picture)
    assert "22 (18 to 27) real" in said
    assert "Worth of 1,000 synthetic conversations" in said
    assert {"10", "24", "100", "1,291"} <= set(said)
    line = picture.find(f"{SVG}polyline")
    assert line is not None
    points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
    assert len(points) == 5
    assert points == sorted(points)
    drop = next(one for one in picture.iter(f"{SVG}line") if "tw-drop" in one.get("class", ""))
    assert points[0][0] < float(drop.get("x1", "")) < points[1][0]
    assert points[1][1] < float(drop.get("y1", "")) < points[0][1]


def test_sizes_stand_apart_as_their_logarithms() -> None:
    line = drawn(made()).find(f"{SVG}polyline")
    assert line is not None
    xs = [float(point.split(",")[0]) for point in line.get("points", "").split()]
    assert xs[2] - xs[0] == pytest.approx(xs[3] - xs[2], abs=0.3)  # 10 to 100, and 100 to 1,000


def test_a_lower_bound_says_so_and_shows_no_interval() -> None:
    said = words(drawn(made(estimate(1291, 1291, 1291), 0.72, at_least=True, plus=24)))
    assert "at least 1,291 real" in said
    assert "Worth of 1,000 synthetic conversations and 24 real ones" in said


@pytest.mark.parametrize(("real", "score"), [(estimate(0, 0, 0), 0.0), (estimate(1291, 900, 1291), 0.99)])
def test_everything_stays_inside_the_picture(real: Estimate, score: float) -> None:
    for element in drawn(made(real, score)).iter():
        for key in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.get(key, 0)) <= 640
        for key in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.get(key, 0)) <= 380


def test_it_is_described_for_those_who_cannot_see_it() -> None:
    picture = drawn(made())
    assert picture.get("role") == "img"
    assert "as much as 22 (18 to 27) real conversations" in picture.get("aria-label", "")


def test_what_is_encoded_reads_back_and_draws_the_same() -> None:
    one = made()
    again = msgspec.json.decode(msgspec.json.encode(one), type=Worth)
    assert worth_plot(again) == worth_plot(one)
