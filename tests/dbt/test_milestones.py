"""Milestones and days to them (METHOD D11, D17)."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import Item, build_facts, item, load, marts, query, record

JAN = [dt.date(2026, 1, day) for day in (1, 5, 12, 19)]
OLD = "2022-03-02T23:29:04.000Z"


def night(qwen: int, llama: int = 0, new: int | None = None) -> list[Item]:
    """Qwen's model, one of Meta's, and one that is created on 5 January."""
    text = {"pipeline_tag": "text-generation"}
    items = [
        item("Qwen/Qwen3-8B", 1, downloadsAllTime=qwen, createdAt=OLD, **text),
        item("meta-llama/Llama-3.1-8B", 1, downloadsAllTime=llama, createdAt=OLD, **text),
        # One model more or less must not make a capture partial.
        *(item(f"user/{n}", 1, downloadsAllTime=n, createdAt=OLD) for n in range(30)),
    ]
    if new is not None:
        items.append(
            item("openai/whisper-9", 1, downloadsAllTime=new, createdAt="2026-01-05T10:00:00.000Z")
        )
    return items


def milestones(home: Path, unit_type: str, unit: str, scope: str = "all") -> dict[int, Any]:
    return {
        threshold: row
        for threshold, *row in query(
            home,
            "select threshold, crossed_lo, crossed_on, crossed_hi, was_above_before "
            "from marts.fct_milestones where unit_type = ? and unit_name = ? and scope = ? "
            "and attribution = 'publisher' order by 1",
            unit_type, unit, scope,
        )
    }  # fmt: skip


def test_t8_the_crossing_lies_on_the_line_rounded_up_to_a_day(tmp_path: Path) -> None:
    record(tmp_path, {JAN[1]: night(690_000_000), JAN[2]: night(710_000_000)})
    load(tmp_path, JAN[1:3])
    build_facts(tmp_path, "fct_milestones")
    crossed = [JAN[1], dt.date(2026, 1, 9), JAN[2], False]
    for unit_type, unit in (
        ("model", "Qwen/Qwen3-8B"),
        ("publisher", "Qwen"),
        ("family", "Qwen"),
        ("company", "Alibaba"),
        ("region", "china"),
    ):
        found = milestones(tmp_path, unit_type, unit)
        assert found[700_000_000] == crossed, unit_type
        assert found[600_000_000] == [None, None, JAN[1], True]
        assert 800_000_000 not in found
    assert milestones(tmp_path, "family", "Qwen", "text_vlm")[700_000_000] == crossed


def test_a_whole_number_of_days_is_not_rounded_up(tmp_path: Path) -> None:
    """15 of 29 days exactly, of which the quotient in binary is a little more."""
    dates = [dt.date(2026, 1, 1), dt.date(2026, 1, 30)]
    record(tmp_path, {dates[0]: night(250_000), dates[1]: night(1_700_000)})
    load(tmp_path, dates)
    build_facts(tmp_path, "fct_milestones")
    (crossed,) = milestones(tmp_path, "model", "Qwen/Qwen3-8B").values()
    assert crossed == [dates[0], dt.date(2026, 1, 16), dates[1], False]


def test_t14_days_count_from_the_launch_which_is_day_0(tmp_path: Path) -> None:
    nights = {
        JAN[0]: night(1),
        JAN[2]: night(2, new=1_000_000),
        JAN[3]: night(3, new=1_700_000),
    }
    record(tmp_path, nights)
    load(tmp_path, nights)
    build_facts(tmp_path, "fct_milestones")
    rows = query(
        tmp_path,
        "select threshold, launched_on, launch_basis, crossed_lo, days_lo, days, days_hi "
        "from marts.fct_milestones where unit_name = 'openai/whisper-9' and scope = 'all'",
    )
    assert rows == [(1_000_000, JAN[1], "repo_created", JAN[1], 0, 7, 7)]


def test_where_a_release_is_known_it_is_day_0(tmp_path: Path) -> None:
    """gpt-oss-20b: its repository came on 4 August 2025, the announcement a day later."""
    dates = [dt.date(2025, 8, 1), dt.date(2025, 8, 9)]
    new = item(
        "openai/gpt-oss-20b", 1, downloadsAllTime=1_000_000, createdAt="2025-08-04T10:00:00.000Z"
    )
    record(tmp_path, {dates[0]: night(1), dates[1]: [*night(2), new]})
    load(tmp_path, dates)
    build_facts(tmp_path, "fct_milestones")
    rows = query(
        tmp_path,
        "select launched_on, launch_basis, days_lo, days, days_hi from marts.fct_milestones "
        "where unit_name = 'openai/gpt-oss-20b'",
    )
    assert rows == [(dt.date(2025, 8, 5), "release", -1, 4, 4)]


def test_a_fall_is_no_second_crossing_and_a_stay_below_none(tmp_path: Path) -> None:
    counts = [(900_000, 0), (1_100_000, 0), (800_000, 0), (1_200_000, 999_999)]
    nights = {date: night(*count) for date, count in zip(JAN, counts, strict=True)}
    record(tmp_path, nights)
    load(tmp_path, JAN)
    build_facts(tmp_path, "fct_milestones")
    (crossed,) = milestones(tmp_path, "model", "Qwen/Qwen3-8B").values()
    assert crossed == [JAN[0], dt.date(2026, 1, 3), JAN[1], False]
    assert milestones(tmp_path, "model", "meta-llama/Llama-3.1-8B") == {}
    # Together they are past two million in no night.
    assert set(milestones(tmp_path, "publisher", "Qwen")) == {1_000_000}


def test_a_model_away_for_a_night_was_counted_by_the_one_before(tmp_path: Path) -> None:
    """Not listed, or listed without a count; one never counted before was above when first seen."""
    nights = {date: night(n) for n, date in enumerate(JAN[:3])}
    for name, counts in {
        "x/away": (900_000, None, 1_100_000),
        "x/null": (500_000, "null", 1_500_000),
        "x/late": (None, None, 1_100_000),
    }.items():
        for date, count in zip(nights, counts, strict=True):
            if count is not None:
                told = None if count == "null" else count
                nights[date].append(item(name, 1, downloadsAllTime=told, createdAt=OLD))
    record(tmp_path, nights)
    for dates in (JAN[:2], JAN[2:3]):
        load(tmp_path, dates)
        build_facts(tmp_path, "fct_milestones")
    half = dt.date(2026, 1, 7)
    assert milestones(tmp_path, "model", "x/away")[1_000_000] == [JAN[0], half, JAN[2], False]
    assert milestones(tmp_path, "model", "x/null")[1_000_000] == [JAN[0], half, JAN[2], False]
    assert milestones(tmp_path, "model", "x/late")[1_000_000] == [None, None, JAN[2], True]


@pytest.mark.long
def test_a_capture_that_measures_flow_after_all_moves_what_was_crossed(tmp_path: Path) -> None:
    """Stalled by the nights before it, plain by those after it (definition stalled)."""
    days = [JAN[0] + dt.timedelta(days=n) for n in range(16)]
    moves = [*[100_000] * 7, 29_000, *[60_000] * 7]
    totals = itertools.accumulate(moves, initial=266_000)
    captures = {
        date: [
            item("Qwen/Qwen3-8B", 1, downloadsAllTime=total, createdAt=OLD),
            *(item(f"user/{n}", 1, downloadsAllTime=n, createdAt=OLD) for n in range(30)),
        ]
        for date, total in zip(days, totals, strict=True)
    }
    whole, nightly = tmp_path / "whole", tmp_path / "nightly"
    for home, orders in ((whole, [days]), (nightly, [days[:10], days[10:15], days[15:]])):
        record(home, captures)
        for dates in orders:
            load(home, dates)
            if home == nightly and dates[-1] == days[14]:
                (before,) = milestones(home, "model", "Qwen/Qwen3-8B").values()
            build_facts(home)
    (after,) = milestones(nightly, "model", "Qwen/Qwen3-8B").values()
    assert before == [days[7], days[8], days[9], False]
    assert after == [days[8], days[9], days[9], False]
    assert marts(nightly) == marts(whole)


@pytest.mark.long
def test_late_captures_move_the_bounds_as_a_rebuild_would(tmp_path: Path) -> None:
    counts = [(900_000, 2), (980_000, 2), (2_100_000, 3_000_000), (2_200_000, 5_000_000)]
    nights = {
        date: night(*count, new=n)
        for n, (date, count) in zip(
            (None, 0, 4_000_000, 9), zip(JAN, counts, strict=True), strict=True
        )
    }
    whole, late = tmp_path / "whole", tmp_path / "late"
    for home, order in ((whole, [JAN]), (late, [[JAN[3]], [JAN[0]], [JAN[2], JAN[1]]])):
        record(home, nights)
        for dates in order:
            load(home, dates)
            build_facts(home)
    assert milestones(late, "model", "Qwen/Qwen3-8B")[1_000_000] == [
        JAN[1],
        dt.date(2026, 1, 6),
        JAN[2],
        False,
    ]
    assert marts(late) == marts(whole)
