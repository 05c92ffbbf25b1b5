"""Pictures and tables of the UI, and the band of usual rows."""

import datetime as dt
import re
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from assets.captures.watch import row_band
from assets.pictures import code, spark, table

DAY = dt.date(2026, 11, 20)
HOSTILE = "evil`|<script>alert(1)</script>\n| a | [x](http://evil) ![y](http://evil)\x1b[31m"


def nights(rows: list[int]) -> dict[dt.date, int]:
    return {DAY - dt.timedelta(days=len(rows) - place): rows[place] for place in range(len(rows))}


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


def test_a_sample_is_called_one_in_a_table() -> None:
    assert table(("a", "b"), [], "generated").startswith("**SAMPLE DATA")


def test_a_spark_of_ninety_nights_is_drawn_without_a_click() -> None:
    rows = {DAY - dt.timedelta(days=90 - n): 2_800_000 + 997 * n for n in range(91)}
    for points in (list(rows.items()), list(rows.items())[-1:]):
        markdown = spark("rows", points, (2_700_000, 2_950_000))
        assert len(markdown) < 750  # with the words beside it below the UI's limit of 1,000
        found = re.fullmatch(r"!\[rows\]\(<data:image/svg\+xml,([^<>#]+)>\)", markdown)
        assert found
        picture = ET.fromstring(urllib.parse.unquote(found[1]))
        assert picture.attrib["width"] == "282"
