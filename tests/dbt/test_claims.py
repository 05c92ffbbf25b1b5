"""What a claim must not be held against (METHOD D22), on small records."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import Item, build_facts, item, load, query, record

OLD = "2022-03-02T23:29:04.000Z"


def firsts(first: dt.date, count: int) -> list[dt.date]:
    """So many firsts of months in a row."""
    return [
        dt.date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(count)
    ]


def night(all_time: dict[str, int]) -> list[Item]:
    text = {"pipeline_tag": "text-generation", "createdAt": OLD}
    return [
        *(item(one, 1, downloadsAllTime=count, **text) for one, count in all_time.items()),
        item("user/qwen", 1, ["Qwen/Qwen3-8B"], downloadsAllTime=9, **text),
        # One model more or less must not make a capture partial.
        *(item(f"someone-{n}/model", 1, downloadsAllTime=n, **text) for n in range(30)),
    ]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """September 2025 to 1 March 2026; half of the downloads are of a model without an owner."""
    home = tmp_path_factory.mktemp("short")
    dates = firsts(dt.date(2025, 9, 1), 7)
    nights = {
        date: night(
            {
                "Qwen/Qwen3-8B": 3_000_000 * n,
                "meta-llama/Llama-3.1-8B": 1_000_000 * n,
                "gpt2": 4_000_000 * n,
            }
        )
        for n, date in enumerate(dates, start=1)
    }
    for date in dates[-2:]:
        nights[date].append(
            item("user/new", 1, ["Qwen/Qwen3-8B"], createdAt="2026-01-15T10:00:00.000Z")
        )
    record(home, nights)
    load(home, dates)
    build_facts(home)
    return home


def measured(home: Path, claim_id: str) -> list[tuple[Any, ...]]:
    return query(
        home,
        "select verdict, outcome, measured, reason from marts.fct_claims where claim_id = ?",
        claim_id,
    )


@pytest.mark.parametrize("claim_id", ["C050", "C057", "C196"])
def test_a_record_that_ended_months_before_measures_nothing(short: Path, claim_id: str) -> None:
    (row,) = measured(short, claim_id)
    assert row[1:] == ("not measured", None, "the record ends on 2026-03-01")


def test_derivatives_of_any_downloads_are_none_of_over_five(short: Path) -> None:
    (row,) = measured(short, "C033")
    assert row[:3] == ("not-testable", "not measured", None)


def test_four_months_are_no_year(short: Path) -> None:
    (row,) = measured(short, "C095")
    assert row[:3] == ("not-testable", "not measured", None)


def test_who_led_when_the_record_began_may_have_led_before(short: Path) -> None:
    rows = measured(short, "C116")
    assert {row[1] for row in rows} == {"undecided"}


def test_models_without_an_owner_are_in_the_scope(short: Path) -> None:
    rows = query(
        short,
        "select distinct scope, scope_value from intermediate.int_unit_months "
        "where metric = 'downloads' and month = '2025-12-01' and scope = 'all'",
    )
    assert rows == [("all", 8_000_000)]
    rows = query(
        short,
        "select ratio, ratio_low, ratio_high from marts.fct_dominance where month = '2025-12-01' "
        "and unit_type = 'publisher' and leader = 'Qwen' and scope = 'all' "
        "and basis = 'counter' and competitor_set = 'everyone_else'",
    )
    assert rows == [(0.6, 0.6, 0.6)]


def test_shares_of_two_spans_are_no_contradiction(short: Path) -> None:
    """All of 2025, and the year up to August 2025."""
    rows = query(
        short,
        "select claim_id from marts.fct_claim_pairs "
        "where claim_id = 'C096' and other_claim_id = 'C122'",
    )
    assert rows == []


def test_a_second_rise_is_none_of_the_first(tmp_path: Path) -> None:
    """What a share was risen to in 2025 is held against what was before, not what came in 2026."""
    dates = firsts(dt.date(2024, 10, 1), 25)
    level = [10, 11, 10, 9, 10, 11, 10, 9, 30, 31, 29, 30, 31, 30, 29, 30, *[70, 71, 69, 70] * 2]
    counts = [0]
    for share in level:
        counts.append(counts[-1] + share)
    nights = {
        date: night(
            {
                "Qwen/Qwen3-8B": 100_000 * counts[n],
                "meta-llama/Llama-3.1-8B": 100_000 * (100 * n - counts[n]),
            }
        )
        for n, date in enumerate(dates)
    }
    record(tmp_path, nights)
    load(tmp_path, dates)
    build_facts(tmp_path)
    rows = query(
        tmp_path,
        "select distinct measured from marts.fct_claims "
        "where claim_id = 'C199' and scope = 'all' and attribution = 'publisher'",
    )
    assert rows == [(pytest.approx(2.9),)]
    rows = query(
        tmp_path,
        "select distinct strftime(date '1970-01-01' + cast(measured as integer), '%Y-%m'), "
        "measured_high - measured < 32 from intermediate.int_claim_measures "
        "where claim_id = 'C021' and scope = 'all' and attribution = 'publisher'",
    )
    assert rows == [("2025-06", True)]
