"""What a claim must not be held against (METHOD D22), on small records."""

import datetime as dt
import itertools
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
    build(home, nights)
    return home


def build(home: Path, nights: dict[dt.date, list[Item]]) -> None:
    record(home, nights)
    load(home, nights)
    build_facts(home)


def verdicts(home: Path, claim_id: str) -> list[tuple[Any, ...]]:
    """The claim's verdict with each outcome that it has."""
    return query(
        home,
        "select distinct verdict, outcome from marts.fct_claims where claim_id = ? order by all",
        claim_id,
    )


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


def shares(percent: list[int]) -> dict[dt.date, list[Item]]:
    """Qwen's share of each month from October 2024 on; the rest is Llama's."""
    counts = itertools.accumulate(percent, initial=0)
    dates = firsts(dt.date(2024, 10, 1), len(percent) + 1)
    return {
        date: night(
            {
                "Qwen/Qwen3-8B": 100_000 * count,
                "meta-llama/Llama-3.1-8B": 100_000 * (100 * n - count),
            }
        )
        for n, (date, count) in enumerate(zip(dates, counts, strict=True))
    }


RISE = [10, 11, 10, 9, 10, 11, 10, 9, 30, 31, 29, 30, 31, 30]


def test_a_second_rise_is_none_of_the_first(tmp_path: Path) -> None:
    """What a share was risen to in 2025 is held against what was before, not what came in 2026."""
    build(tmp_path, shares([*RISE, 29, 30, *[70, 71, 69, 70] * 2]))
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


def test_a_share_is_held_against_its_span_and_by_a_record_that_reaches_it(tmp_path: Path) -> None:
    """Spring 2026: not by a record that ends in December, nor by the fall of June."""
    nights = shares([*RISE, *[29, 30, 31] * 2, 5, 5])
    dates = list(nights)
    record(tmp_path, nights)
    load(tmp_path, dates[:-8])
    build_facts(tmp_path)
    assert verdicts(tmp_path, "C199") == [("not-testable", "not measured")]
    load(tmp_path, dates[-8:])
    build_facts(tmp_path)
    assert verdicts(tmp_path, "C199") == [("supported", "agrees")]
    (ratio,) = query(
        tmp_path,
        "select distinct round(measured, 6) from marts.fct_claims "
        "where claim_id = 'C199' and scope = 'all' and attribution = 'publisher'",
    )
    assert ratio == (2.9,)


@pytest.mark.parametrize(
    ("claim_id", "dates"),
    [
        ("C170", [dt.date(2026, 8, 26), dt.date(2026, 9, 2)]),
        ("C061", [*firsts(dt.date(2026, 1, 1), 7), dt.date(2026, 7, 2)]),
    ],
)
def test_derivatives_at_the_end_of_a_span_are_none_of_its_beginning(
    tmp_path: Path, claim_id: str, dates: list[dt.date]
) -> None:
    nights = {date: night({"Qwen/Qwen3-8B": 1000 + n}) for n, date in enumerate(dates)}
    build(tmp_path, nights)
    assert verdicts(tmp_path, claim_id) == [("not-testable", "not measured")]


def ahead(
    first: dt.date, qwen: list[int], llama: list[int], untold: int = 0
) -> dict[dt.date, list[Item]]:
    """Counts in millions on firsts of months; the first of them without a task."""
    dates = firsts(first, len(qwen))
    nights = {
        date: night({"Qwen/Qwen3-8B": own * 10**6, "meta-llama/Llama-3.1-8B": other * 10**6})
        for date, own, other in zip(dates, qwen, llama, strict=True)
    }
    for date in dates[:untold]:
        for one in nights[date]:
            del one["pipeline_tag"]
    return nights


def test_who_led_of_all_time_is_not_told_by_the_downloads_of_a_month(tmp_path: Path) -> None:
    qwen, llama = [990, 991, 992, 995, 998, 1001], [700, 703, 706, 707, 708, 709]
    build(tmp_path, ahead(dt.date(2025, 12, 1), qwen, llama))
    for claim_id, other in (("C116", "C105"), ("C027", "C105"), ("C105", "C027, C116")):
        assert verdicts(tmp_path, claim_id) == [("inconsistent", "undecided")]
        rows = query(
            tmp_path,
            "select distinct inconsistent_with, reason from marts.fct_claims where claim_id = ?",
            claim_id,
        )
        reason = "it may have been before the record began; in the record it was 2025-12 to 2025-12"
        assert rows == [(other, reason)]


def test_where_no_scope_agrees_and_one_allows_either_nothing_depends_on_scope(
    tmp_path: Path,
) -> None:
    """Qwen passes in January; models with a task, who may have passed before, begin in December."""
    qwen, llama = [700, 701, 702, 703, 704, 713, 722, 731], [705, 706, 707, 708, 709, 710, 711, 712]
    build(tmp_path, ahead(dt.date(2025, 8, 1), qwen, llama, untold=4))
    rows = query(
        tmp_path,
        "select distinct scope, verdict, outcome, reason like '% disagree, the rest undecided;%' "
        "from marts.fct_claims where claim_id = 'C116' order by all",
    )
    assert rows == [
        ("all", "inconsistent", "disagrees", True),
        ("generative_llm", "inconsistent", "undecided", True),
        ("text_vlm", "inconsistent", "undecided", True),
    ]


def places(home: Path, counts: dict[str, list[int]]) -> list[tuple[Any, ...]]:
    """Qwen's verdict and place, least and most, by counts in millions from April 2026 on."""
    dates = firsts(dt.date(2026, 4, 1), 3)
    build(
        home,
        {
            date: night({one: by_date[n] * 10**6 for one, by_date in counts.items()})
            for n, date in enumerate(dates)
        },
    )
    return query(
        home,
        "select distinct verdict, measured, measured_low, measured_high from marts.fct_claims "
        "where claim_id = 'C195'",
    )


def test_who_crossed_between_the_same_captures_may_have_been_first(tmp_path: Path) -> None:
    counts = {
        "Qwen/Qwen3-8B": [998, 1001, 1004],
        "deepseek-ai/DeepSeek-V3": [999, 1002, 1005],
        # Between later ones.
        "zai-org/GLM-5": [900, 999, 1002],
    }
    assert places(tmp_path, counts) == [("not-testable", 2, 1, 2)]


def test_who_was_above_when_first_seen_was_earlier(tmp_path: Path) -> None:
    counts = {
        "Qwen/Qwen3-8B": [998, 1001, 1004],
        "deepseek-ai/DeepSeek-V3": [1000, 1002, 1005],
    }
    assert places(tmp_path, counts) == [("contradicted", 2, 2, 2)]


def test_a_models_month_is_known_as_well_as_the_captures_bound_it(tmp_path: Path) -> None:
    """Downloads of 92 million between 25 August and 10 October: September may have any."""
    counts = {dt.date(2026, 8, 25): 100, dt.date(2026, 10, 10): 192}
    build(
        tmp_path,
        {date: night({"Qwen/Qwen3-0.6B": n * 10**6}) for date, n in counts.items()},
    )
    assert verdicts(tmp_path, "C167") == [("not-testable", "undecided")]
    rows = query(
        tmp_path,
        "select distinct measured, measured_low, measured_high from marts.fct_claims "
        "where claim_id = 'C167'",
    )
    assert rows == [(60e6, 0, 92e6)]
