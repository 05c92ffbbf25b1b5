"""Rank history (METHOD D10): units, metrics, grains, and what a row knows of its past."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.ledger.due import mark_facts_due
from assets.ledger.warehouse import connect
from tests.helpers import Item, build_facts, hub_id, item, load, query, record

JAN, FEB, MAR = (dt.date(2026, month, 1) for month in (1, 2, 3))
MID = dt.date(2026, 2, 10)


def night(**counts: int) -> list[Item]:
    """Three labs' models and two derivatives; the all-time counts differ by night."""

    def one(key: str, repo_id: str, likes: int, *parents: str) -> Item:
        return item(
            repo_id, counts[key] // 10, parents, downloadsAllTime=counts[key], likes=likes,
            pipeline_tag="text-generation" if key in "qlm" else None,
        )  # fmt: skip

    return [
        one("q", "Qwen/Qwen3-8B", 50),
        one("l", "meta-llama/Llama-3.1-8B", 70),
        one("m", "mistralai/Mistral-7B", 70),
        one("d", "someone/Qwen3-8B-GGUF", 3, "Qwen/Qwen3-8B"),
        one("e", "meta-llama/Qwen3-8B-tuned", 0, "Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B"),
        one("e", "gpt2", 0),
        one("e", "distilgpt2", 0, "gpt2"),
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ranks")
    record(
        home,
        {
            JAN: night(q=1000, l=2000, m=5000, d=0, e=50),
            FEB: night(q=3000, l=3000, m=5500, d=90, e=50),
            MID: night(q=4000, l=3200, m=5600, d=150, e=50),
            MAR: night(q=9000, l=3400, m=5700, d=190, e=50),
        },
    )
    load(home, [JAN, FEB, MID, MAR])
    build_facts(home, "fct_rank_history")
    return home


def places(
    home: Path, period: dt.date, grain: str, unit_type: str, metric: str, **more: str
) -> list[tuple[Any, ...]]:
    wanted = {"scope": "all", "attribution": "publisher", **more}
    return query(
        home,
        "select case unit_type when 'model' then unit_name else unit end, value, rank_min "
        "from marts.fct_rank_history where period = ? and grain = ? and unit_type = ? "
        "and metric = ? and scope = ? and attribution = ? order by rank_ordinal",
        period, grain, unit_type, metric, wanted["scope"], wanted["attribution"],
    )  # fmt: skip


def test_a_company_s_own_derivatives_are_found_in_any_spelling(tmp_path: Path) -> None:
    """Those of a second account of its own, too; a publisher counts what other accounts made."""
    llama = "meta-llama/Llama-3.1-8B"
    children = ("someone/L", "Facebook/L", "facebook/L2")
    record(tmp_path, {JAN: [item(llama, 9), *(item(name, 5, [llama]) for name in children)]})
    load(tmp_path, [JAN])
    build_facts(tmp_path, "fct_rank_history")
    assert places(tmp_path, JAN, "day", "company", "derivatives") == [("Meta", 1, 1)]
    assert places(tmp_path, JAN, "day", "publisher", "derivatives") == [("meta-llama", 3, 1)]


def test_models_of_a_month_rank_by_its_downloads_from_a_hundred_on(home: Path) -> None:
    assert places(home, JAN, "month", "model", "downloads") == [
        ("Qwen/Qwen3-8B", 2000, 1),
        ("meta-llama/Llama-3.1-8B", 1000, 2),
        ("mistralai/Mistral-7B", 500, 3),
    ]
    assert places(home, FEB, "month", "model", "downloads") == [
        ("Qwen/Qwen3-8B", 6000, 1),
        ("meta-llama/Llama-3.1-8B", 400, 2),
        ("mistralai/Mistral-7B", 200, 3),
        ("someone/Qwen3-8B-GGUF", 100, 4),
    ]
    assert places(home, FEB, "month", "model", "downloads", scope="text_vlm") == [
        ("Qwen/Qwen3-8B", 6000, 1),
        ("meta-llama/Llama-3.1-8B", 400, 2),
        ("mistralai/Mistral-7B", 200, 3),
    ]


def test_publishers_families_and_companies_of_a_month(home: Path) -> None:
    assert places(home, FEB, "month", "publisher", "downloads")[0] == ("Qwen", 6000, 1)
    assert places(home, FEB, "month", "company", "downloads") == [
        ("Alibaba", 6000, 1),
        ("Meta", 400, 2),
        ("Mistral AI", 200, 3),
    ]
    assert places(home, FEB, "month", "family", "downloads", attribution="root") == [
        ("Qwen", 6100, 1),
        ("Llama", 400, 2),
        ("Mistral", 200, 3),
    ]
    assert places(home, FEB, "month", "company", "downloads", attribution="root") == [
        ("Alibaba", 6100, 1),
        ("Meta", 400, 2),
        ("Mistral AI", 200, 3),
    ]


def test_a_month_by_the_window_is_a_metric_of_its_own(home: Path) -> None:
    assert places(home, FEB, "month", "family", "downloads_window", attribution="brand")[0] == (
        "Qwen",
        pytest.approx((900 + 19 + 5) * 28 / 30),
        1,
    )


def test_likes_all_time_and_derivatives_of_a_day(home: Path) -> None:
    assert places(home, MAR, "day", "model", "likes") == [
        ("mistralai/Mistral-7B", 70, 1),
        ("meta-llama/Llama-3.1-8B", 70, 1),
        ("Qwen/Qwen3-8B", 50, 3),
        ("someone/Qwen3-8B-GGUF", 3, 4),
    ]
    assert places(home, MAR, "day", "publisher", "downloads_all_time")[:2] == [
        ("Qwen", 9000, 1),
        ("mistralai", 5700, 2),
    ]
    assert places(home, MAR, "day", "family", "downloads_all_time") == [
        ("Qwen", 9000, 1),
        ("Mistral", 5700, 2),
        ("Llama", 3400, 3),
    ]
    # Two others built on Qwen's model; on Llama's only its own account did.
    for unit_type, unit in (
        ("model", "Qwen/Qwen3-8B"),
        ("publisher", "Qwen"),
        ("company", "Alibaba"),
        ("family", "Qwen"),
    ):
        # No owner is nobody's own: one of them built on another's.
        ownerless = [("gpt2", 1, 2)] if unit_type == "model" else []
        found = places(home, MAR, "day", unit_type, "derivatives")
        assert found == [(unit, 2, 1), *ownerless], unit_type


def test_a_row_knows_its_past(home: Path) -> None:
    rows = query(
        home,
        "select period, rank_min, rank_change, best_rank_so_far, periods_at_first "
        "from marts.fct_rank_history where grain = 'day' and unit_type = 'model' and unit = ? "
        "and metric = 'downloads_30d' and scope = 'all' order by 1",
        hub_id("Qwen/Qwen3-8B"),
    )
    assert rows == [(JAN, 3, None, 3, 0), (FEB, 2, 1, 2, 0), (MID, 2, 0, 2, 0), (MAR, 1, 1, 1, 1)]
    months = query(
        home,
        "select period, rank_min, rank_change, best_rank_so_far, periods_at_first "
        "from marts.fct_rank_history where grain = 'month' and unit_type = 'model' and unit = ? "
        "and metric = 'downloads' and scope = 'all' order by 1",
        hub_id("Qwen/Qwen3-8B"),
    )
    assert months == [(JAN, 1, None, 1, 1), (FEB, 1, 0, 1, 2)]


def test_a_date_computed_anew_renews_the_rows_after_it(home: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(home, again)
    before = query(home, "from marts.fct_rank_history order by all")
    with connect(again) as connection:
        mark_facts_due(connection, [FEB])
    build_facts(again, "fct_rank_history")
    assert query(again, "from marts.fct_rank_history order by all") == before


def test_only_the_first_thousand_models_and_the_families_own_are_kept_a_day(
    tmp_path: Path,
) -> None:
    many = [item(f"user/{n:04}", 10_000 - n, likes=1) for n in range(1100)]
    record(tmp_path, {JAN: [*many, item("Qwen/Qwen3", 7), item("last/one", 6)]})
    load(tmp_path, [JAN])
    build_facts(tmp_path, "fct_rank_history")
    kept = query(
        tmp_path,
        "select rank_min, unit_name from marts.fct_rank_history "
        "where unit_type = 'model' and scope = 'all' and metric = 'downloads_30d' order by 1",
    )
    assert [rank for rank, _ in kept] == [*range(1, 1001), 1101]
    assert kept[-1][1] == "Qwen/Qwen3"
    # All tie; a thousand places are given out, by name.
    likes = query(
        tmp_path,
        "select count(*), max(rank_min), max(rank_ordinal), max(rank_worst) "
        "from marts.fct_rank_history where unit_type = 'model' and metric = 'likes'",
    )
    assert likes == [(1000, 1, 1000, 1100)]
