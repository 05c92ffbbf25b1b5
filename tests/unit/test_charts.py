"""Charts: whatever the values and names are, they are drawn, fit, and stay text."""

import datetime as dt
import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets import charts

HOSTILE = "<x>&\"'</svg><script>alert(1)</script>"
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=place) for place in range(40)]


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if "text" in element.tag]


def points(name: str, values: list[float]) -> list[dict]:
    return [
        {"month": day.isoformat(), "name": name, "value": value, "shown": f"{value:g}",
         "label": f"{name} {value:g}", "rank": value}
        for day, value in zip(DAYS, values, strict=False)
    ]  # fmt: skip


@pytest.mark.parametrize("size", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [0.0, 1e9], [0.169, 0.171]])
def test_a_picture_fits_the_page_whatever_its_values_and_names_are(
    values: list[float], size: charts.Size
) -> None:
    spec = charts.lines(points(HOSTILE, values), size, ticks="g", hues={HOSTILE: "#123456"})
    svg = charts.plain(charts.draw(charts.titled(spec, ["a < b & c"], ["below"])))
    picture = ET.fromstring(svg)
    # The Dagster UI cuts what is wider than 950 pixels.
    assert float(picture.attrib["width"]) <= size.width + 100 <= 950
    assert "a < b & c" in texts(svg)
    assert "<script" not in svg
    assert any("<x>&" in text for text in texts(svg))
    labels = [element.attrib.get("aria-label") for element in picture.iter()]
    assert f"{HOSTILE} {values[-1]:g}" in labels


def test_ranks_begin_with_the_first_at_the_top() -> None:
    svg = charts.draw(charts.ranks(points("x", [1.0, 3.0]), charts.WIDE, {"x": "#123456"}, 3))
    assert {"1", "2", "3"} <= set(texts(svg))
    marks = [one for one in ET.fromstring(svg).iter() if "aria-label" in one.attrib]
    heights = [float(one.attrib["transform"].split(",")[1].rstrip(")")) for one in marks]
    assert heights == sorted(heights)
    assert len(heights) == 2, "nothing but the points tells of itself"


@given(st.lists(st.floats(0, 300), min_size=1, max_size=18))
def test_names_at_the_ends_of_lines_never_cover_each_other(places: list[float]) -> None:
    moved = charts.spread(places, 16, 0, 300)
    assert all(b - a >= 15.99 for a, b in itertools.pairwise(sorted(moved)))
    assert max(moved) <= 300.01
    order = sorted(range(len(places)), key=lambda index: places[index])
    assert [moved[index] for index in order] == sorted(moved)


def test_a_page_can_set_every_colour() -> None:
    hues = charts.colours(["Qwen", "Llama", "something else"])
    rows = [point for name in hues for point in points(name, [1.0, 2.0])]
    svg = charts.draw(charts.lines(rows, charts.WIDE, ticks="g", hues=hues))
    for name in ("muted", "hue1", "hue2", "grid"):
        assert f"var(--{name}," in svg
    assert "var(" not in charts.plain(svg)
    assert len(set(hues.values())) == 3
