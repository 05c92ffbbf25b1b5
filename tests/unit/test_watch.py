"""Pictures and tables of the UI, and the band of usual rows."""

import base64
import datetime as dt
import itertools
import re
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from assets.captures.watch import row_band
from assets.pictures import code, line_chart, spark, table

DAY = dt.date(2026, 11, 20)
HOSTILE = "evil`|<script>alert(1)</script>\n| a | [x](http://evil) ![y](http://evil)\x1b[31m"


def nights(rows: list[int]) -> dict[dt.date, int]:
    return {DAY - dt.timedelta(days=len(rows) - place): rows[place] for place in range(len(rows))}


def drawn(markdown: str) -> ET.Element:
    (data,) = re.findall(r"!\[[^\]]*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    return ET.fromstring(base64.b64decode(data))


def texts(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter() if element.tag.endswith("text")]


def test_the_band_is_that_of_the_nights_within_thirty_days() -> None:
    assert row_band(DAY, nights([100] * 6)) is None
    band = row_band(DAY, nights([100] * 6 + [110]) | {DAY - dt.timedelta(days=31): 10, DAY: 5})
    assert band is not None
    assert [band.low, band.high, band.nights] == pytest.approx([98, 112.2, 7])


def test_a_hostile_name_stays_one_cell_of_code() -> None:
    drawn_table = table(("model", "rank"), [(code(HOSTILE), "1")])
    assert len(drawn_table.splitlines()) == 3
    row = drawn_table.splitlines()[-1]
    assert row.count("|") == 3
    assert row.count("`") == 2
    assert row.startswith("| `evil'/<script>")
    assert "\x1b" not in row
    assert code(" \n") == "`?`"
    assert code("") == "(empty)"


def test_a_sample_is_called_one_in_table_and_picture() -> None:
    assert table(("a", "b"), [], "generated").startswith("**SAMPLE DATA")
    points = [(DAY, 1.0), (DAY + dt.timedelta(days=1), 2.0)]
    assert "SAMPLE DATA" in texts(drawn(line_chart("t", {"x": points}, str, sample="generated")))
    assert "SAMPLE DATA" not in texts(drawn(line_chart("t", {"x": points}, str)))


def test_a_spark_of_ninety_nights_is_drawn_without_a_click() -> None:
    rows = {DAY - dt.timedelta(days=90 - n): 2_800_000 + 997 * n for n in range(91)}
    for points in (list(rows.items()), list(rows.items())[-1:]):
        markdown = spark("rows", points, (2_700_000, 2_950_000))
        assert len(markdown) < 750  # with the words beside it below the UI's limit of 1,000
        found = re.fullmatch(r"!\[rows\]\(<data:image/svg\+xml,([^<>#]+)>\)", markdown)
        assert found
        picture = ET.fromstring(urllib.parse.unquote(found[1]))
        assert picture.attrib["width"] == "282"


def test_a_picture_fits_the_page_whatever_its_values_and_names_are() -> None:
    for values in ([0.0], [5.0, 5.0], [0.0, 1e9], [0.169, 0.171], [-3.0, 4.0]):
        points = [(DAY + dt.timedelta(days=place), value) for place, value in enumerate(values)]
        picture = drawn(line_chart("a < b & c", {"<x>&": points}, lambda v: f"{v:g}"))
        assert int(picture.attrib["width"]) <= 950
        assert "a < b & c" in texts(picture)
        for element in picture.iter():
            for name, size in (("x", "width"), ("y", "height")):
                if name in element.attrib:
                    assert 0 <= float(element.attrib[name]) <= float(picture.attrib[size])


def test_the_names_of_lines_never_cover_each_other() -> None:
    lines = {f"line {n}": [(DAY, 1.0 + n / 1000)] for n in range(5)}
    picture = drawn(line_chart("t", lines, lambda v: ""))
    places = sorted(
        float(element.attrib["y"])
        for element in picture.iter()
        if (element.text or "").startswith("line")
    )
    assert min(b - a for a, b in itertools.pairwise(places)) >= 15


def test_ranks_begin_with_the_first_at_the_top() -> None:
    points = [(DAY, 1.0), (DAY + dt.timedelta(days=1), 3.0)]
    picture = drawn(line_chart("t", {"x": points}, lambda v: f"{v:.0f}", falling=True))
    ticks = {
        element.text: float(element.attrib["y"])
        for element in picture.iter()
        if element.attrib.get("text-anchor") == "end"
    }
    assert "0" not in ticks
    assert ticks["1"] < ticks["3"]
