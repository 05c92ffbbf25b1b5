"""What the record says of captures that are not plain nights: METHOD traps 6 to 12, by name."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from assets.captures.admission import PLAIN, Thresholds
from assets.captures.store import CaptureStore
from assets.ledger.due import facts_done, facts_due
from assets.ledger.load import load_capture, settle
from assets.ledger.warehouse import connect
from tests.helpers import Item, build_facts, item, load, marts, query, record

FIRST = dt.date(2026, 1, 1)
MODELS = 20


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def night(all_time: int | None, downloads: int = 100_000, models: int = MODELS) -> list[Item]:
    """Big models that all count the same; the 30-day count differs from model to model."""
    return [item(f"x/{n}", downloads + n, downloadsAllTime=all_time) for n in range(models)]


def steady(nights: int) -> dict[dt.date, list[Item]]:
    return {day(n): night(1_000_000 + 1000 * n, 100_000 + 10 * n) for n in range(nights)}


def events(home: Path) -> list[tuple[dt.date, str]]:
    return query(home, "select date, kind from raw.quality_events order by all")


def recorded(home: Path, captures: Mapping[dt.date, Sequence[Item]]) -> list[tuple[dt.date, str]]:
    record(home, captures)
    load(home, sorted(captures))
    return events(home)


def test_plain_nights_have_no_events(tmp_path: Path) -> None:
    assert recorded(tmp_path, steady(20)) == []


def test_partial_night_of_a_quarter_of_the_rows(tmp_path: Path) -> None:
    captures = steady(6)
    captures[day(3)] = captures[day(3)][: MODELS // 4]
    assert recorded(tmp_path, captures) == [(day(3), "partial")]
    ((verdict, measured, threshold),) = query(
        tmp_path,
        "select verdict, measured, threshold from raw.captures "
        "join raw.quality_events using (date) where date = ?",
        day(3),
    )
    assert verdict == "partial: 5 rows, 25.0% of the 20 of its neighbours"
    assert (measured, threshold) == (0.25, 0.9)


def test_stall_by_unmoved_big_models(tmp_path: Path) -> None:
    captures = steady(4)
    # A quarter of the models did not move.
    captures[day(2)] = captures[day(2)][5:] + [
        {**one, "downloads": one["downloads"] + 1} for one in captures[day(1)][:5]
    ]
    assert recorded(tmp_path, captures) == [(day(2), "stalled")]


def test_stall_t5_by_the_median_of_its_neighbours(tmp_path: Path) -> None:
    """METHOD vector T5: 10, 10, 0, 20, 10 downloads a day, here among plain nights."""
    moves = [10, 10, 10, 10, 10, 10, 1, 20, 10, 10, 10]
    totals = itertools.accumulate(moves, initial=1000)
    captures = {
        day(n): [
            # Each model is small: no big one says that the night stalled.
            item(f"x/{m}", 100 + n, downloadsAllTime=total)
            for m in range(MODELS)
        ]
        for n, total in enumerate(totals)
    }
    assert recorded(tmp_path, captures) == [(day(7), "stalled")]


def test_a_night_found_to_be_stalled_or_not_by_later_ones_is_due_again(tmp_path: Path) -> None:
    """29 of 100 usual downloads are a stall; of 80, as is usual a week later, they are none."""
    moves = [*[100] * 7, 29, *[60] * 7]
    captures = {
        day(n): [item(f"x/{m}", 100 + n, downloadsAllTime=total) for m in range(MODELS)]
        for n, total in enumerate(itertools.accumulate(moves, initial=1000))
    }
    record(tmp_path, captures)
    due, stalled = {}, {}
    for date in captures:
        load(tmp_path, [date])
        stalled[date] = (day(8), "stalled") in events(tmp_path)
        with connect(tmp_path) as connection:
            due[date] = facts_due(connection)
            facts_done(connection, due[date])
    assert [date for date, is_stalled in stalled.items() if is_stalled] == [
        day(n) for n in range(8, 15)
    ]
    assert due.pop(day(15)) == [day(8), day(15)]
    assert due == {date: [date] for date in due}


def test_rollback_t3_is_held_until_it_is_made_up_for(tmp_path: Path) -> None:
    """METHOD vector T3: 1000, 1100, 900, 950, 1150."""
    captures = {day(n): night(a, 100_000 + n) for n, a in enumerate([1000, 1100, 900, 950, 1150])}
    assert recorded(tmp_path, captures) == [(day(2), "rolled_back"), (day(3), "rolled_back")]
    details = query(tmp_path, "select measured, detail from raw.quality_events order by date")
    assert details[0][0] == 1.0
    assert details[1][0] == pytest.approx(0.75)
    assert "75.0% of the fall of 2026-01-03 below 2026-01-02 is still missing" in details[1][1]


def test_rollback_that_lasts_is_given_up_after_eight_captures(tmp_path: Path) -> None:
    totals = [1000, 1100, *(400 + n for n in range(12))]
    captures = {day(n): night(total, 100_000 + n) for n, total in enumerate(totals)}
    assert recorded(tmp_path, captures) == [(day(n), "rolled_back") for n in range(2, 10)]


def test_few_falling_models_are_no_rollback(tmp_path: Path) -> None:
    captures = steady(3)
    captures[day(1)][0]["downloadsAllTime"] = 5
    assert recorded(tmp_path, captures) == []


def test_frozen_30_day_counters(tmp_path: Path) -> None:
    captures = {day(n): night(1000 + n) for n in range(2)}
    assert recorded(tmp_path, captures) == [(day(1), "frozen")]


def test_yesterday_again_is_duplicated(tmp_path: Path) -> None:
    captures = {day(0): night(1000), day(1): night(1000)}
    assert recorded(tmp_path, captures) == [
        (day(1), "duplicated"),
        (day(1), "frozen"),
        (day(1), "stalled"),
    ]


def test_counters_that_are_missing_make_no_stall_and_no_rollback(tmp_path: Path) -> None:
    captures = {day(0): night(1000), day(1): night(None, 100_100), day(2): night(5, 100_200)}
    assert recorded(tmp_path, captures) == []


def test_few_models_say_nothing(tmp_path: Path) -> None:
    captures = {day(n): night(1000, 100_000, models=9) for n in range(2)}
    assert recorded(tmp_path, captures) == [(day(1), "duplicated")]


def test_rows_that_came_twice_are_counted(tmp_path: Path) -> None:
    captures = {day(0): [item("x/a", 1), item("x/b", 2), item("x/a", 3)]}
    assert recorded(tmp_path, captures) == [(day(0), "duplicate_rows")]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_judgements_do_not_depend_on_the_order_of_arrival(tmp_path: Path, order: list[int]) -> None:
    captures = {day(n): night(a, 100_000 + n) for n, a in enumerate([1000, 1100, 900, 950, 1150])}
    captures[day(1)] = captures[day(1)][:4]
    record(tmp_path, captures)
    load(tmp_path, [day(n) for n in order])
    assert events(tmp_path) == [
        (day(1), "partial"), (day(2), "rolled_back"), (day(3), "rolled_back"),
    ]  # fmt: skip


def test_thresholds_are_settings(tmp_path: Path) -> None:
    recorded(tmp_path, {day(n): night(1000 + n, models=20 - n) for n in range(2)})
    with connect(tmp_path) as connection:
        facts_done(connection, facts_due(connection))
        settle(connection, Thresholds(min_rows=0.96, frozen=1.0))
        assert facts_due(connection) == [day(0), day(1)]
        settle(connection, Thresholds(min_rows=0.95, frozen=1.0))
        assert facts_due(connection) == [day(0), day(1)]
    assert events(tmp_path) == [(day(1), "frozen")]


@pytest.mark.long
def test_a_date_that_no_longer_counts_leaves_no_facts_behind(tmp_path: Path) -> None:
    """A capture judged whole when it came is found to be partial when its neighbours arrive."""
    captures = {
        day(n): [item("Qwen/Qwen3-8B", 500 + n), *night(1000 + n, 100_000 + n)] for n in range(5)
    }
    # The short night is the only one to know a name, a parent and a model.
    captures[day(1)] = [
        item("Qwen/Renamed", 9, _id=captures[day(1)][0]["_id"]),
        item("x/0", 7, ["meta-llama/Llama-3"]),
        item("y/only-here", 3),
    ]
    orders = {"late": [[1], [3], [4], [0], [2]], "at once": [[0, 2, 3, 4, 1]]}
    found = {}
    for name, order in orders.items():
        home = tmp_path / name
        record(home, captures)
        for numbers in order:
            with connect(home) as connection:
                for number in numbers:
                    load_capture(connection, CaptureStore(home / "captures"), day(number), PLAIN)
            build_facts(home)
        found[name] = marts(home)
    assert found["late"] == found["at once"]
    tables = found["late"]
    for table in ("fct_family_share_daily", "fct_rank_history"):
        dates = {row[0] for row in tables[table] if "counter" not in row and "month" not in row}
        assert dates == {day(n) for n in (0, 2, 3, 4)}
    assert not [row for row in tables["dim_model"] if row[1] == "y/only-here"]
    assert (day(1), "partial", 3 / 21, 0.9, False) in {
        row[:5] for row in tables["meta_quality_events"]
    }
