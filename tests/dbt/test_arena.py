"""The Arena's facts (METHOD D16, trap 32): places, companies, anchor periods; and the real file."""

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from assets.arena.load import load_arena
from assets.arena.record import record_arena
from assets.arena.store import ArenaStore
from assets.captures.store import CaptureStore
from assets.hub.archive_file import Revision
from assets.hub.arena import ARENA, ArenaRow, ArenaTable, Leaderboard
from assets.hub.client import HubAccess, HubClient
from assets.ledger.warehouse import connect
from pipelines.sample_hub.datasets import Commit, SampleDataset
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import SHARED_DATA, marts, query, run_dbt

DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in (0, 10, 15, 35, 40, 47)]
Row = tuple[Any, ...]


def row(
    model: str,
    organization: str | None,
    rating: float,
    half: float | None = 5.0,
    license: str | None = "Proprietary",
    votes: int | None = 1000,
) -> ArenaRow:
    low, high = (None, None) if half is None else (rating - half, rating + half)
    return ArenaRow(model, rating, low, high, votes, None, organization, license)


def build(
    home: Path,
    *boards: dict[dt.date, list[ArenaRow]],
    arena: str = "text",
    measure: str = "rating",
) -> None:
    """Record leaderboards one after the other, load them and build their facts."""
    for number, dates in enumerate(boards):
        revision = Revision(DAYS[-1], ARENA, "0" * 40, f"{arena}/full.parquet", 1)
        store = ArenaStore(home / "arena")
        store.record(ArenaTable(arena, revision, str(number)), Leaderboard(measure, dates), "test")
    renew(home)


def renew(home: Path) -> None:
    with connect(home) as connection:
        assert load_arena(connection, ArenaStore(home / "arena")).problems == []
    run_dbt(
        home, "build", "--exclude-resource-type", "unit_test", "--select",
        "+fct_arena_scores", "+fct_arena_company_ranks", "+meta_arena_tables",
    )  # fmt: skip


def companies(home: Path, columns: str, where: str = "true") -> list[Row]:
    return query(
        home,
        f"select {columns} from marts.fct_arena_company_ranks where {where} "
        "order by arena, published_on, rank_min, company",
    )


def test_t13_gap_and_expected_win_rate(tmp_path: Path) -> None:
    gaps = (0, 1, 9, 25, 54)
    names = ("Google", "OpenAI", "xAI", "Meta", "Anthropic")
    listed = [row(name, name, 1503 - gap) for name, gap in zip(names, gaps, strict=True)]
    build(tmp_path, {DAYS[0]: listed})
    found = companies(tmp_path, "gap_to_first, round(expected_win_rate, 3)")
    assert found == [(0, 0.5), (1, 0.501), (9, 0.513), (25, 0.536), (54, 0.577)]


def test_places_by_intervals(tmp_path: Path) -> None:
    """By hand: a overlaps b and c, d touches c; e, without one, lies in c's and above d's."""
    listed = [
        row("a", "Google", 1500, 10),
        row("b", "OpenAI", 1490, 5),
        row("c", "xAI", 1480, 12),
        row("d", "Meta", 1460, 8),
        row("e", "Cohere", 1470, None),
        row("f", "Alibaba", 1400, 5),
    ]
    build(tmp_path, {DAYS[0]: listed})
    expected = [
        ("a", 1, 3), ("b", 1, 3), ("c", 1, 5), ("e", None, None), ("d", 4, 5), ("f", 6, 6),
    ]  # fmt: skip
    places = "rank_best, rank_worst"
    assert (
        query(tmp_path, f"select model, {places} from marts.fct_arena_scores order by rating desc")
        == expected
    )
    assert companies(tmp_path, f"best_model, {places}") == expected
    # Brute force over the same rows.
    spans = [(r.model, r.rating_low or r.rating, r.rating_high or r.rating) for r in listed]
    for model, best, worst in expected:
        ((low, high),) = [(a, b) for name, a, b in spans if name == model]
        if best is not None:
            assert best == 1 + sum(a > high for _, a, _ in spans)
            assert worst == sum(b >= low for _, _, b in spans)


def test_a_company_is_its_best_model_whatever_it_is_called(tmp_path: Path) -> None:
    listed = [
        row("z1", "Zhipu AI", 1400, license="MIT"),
        row("z2", "Z.ai", 1450, license="MIT"),
        row("z3", "Zhipu", 1430, license="Proprietary"),
        row("d1", "DeepSeek", 1440, license="MIT"),
        row("d2", "deepseek AI", 1441, license="never heard of"),
        row("q1", "Qwen", 1449, license="Proprietary"),
        row("q2", "Alibaba", 1442, license="Apache 2.0", votes=10),
        row("q3", "Alibaba", 1442, license="apache-2.0", votes=20),
        row("n1", "New Lab", 1300, license=None),
        row("x1", None, 1500),
    ]
    build(tmp_path, {DAYS[0]: listed})
    columns = "company, region, best_model, is_open_weights, best_open_model, models, rank_min"
    assert companies(tmp_path, columns) == [
        ("Zhipu AI", "china", "z2", True, "z2", 3, 1),
        ("Alibaba", "china", "q1", False, "q3", 3, 2),
        ("DeepSeek", "china", "d2", None, "d1", 2, 3),
        ("New Lab", "unknown", "n1", None, None, 1, 4),
    ]
    assert query(
        tmp_path, "select company, is_open_weights, rank_best from marts.fct_arena_scores "
        "where model = 'x1'"
    ) == [(None, False, 1)]  # fmt: skip
    assert query(
        tmp_path, "select models, without_organization, unmapped, unknown_license, sample "
        "from marts.meta_arena_tables"
    ) == [(10, 1, 1, 2, "test")]  # fmt: skip


def test_a_name_that_comes_twice_counts_once(tmp_path: Path) -> None:
    twice = [row("m", "Google", 1400, votes=10), row("m", "OpenAI", 1390, votes=20)]
    build(tmp_path, {DAYS[0]: [*twice, row("n", "Meta", 1380)]}, {DAYS[1]: [*twice[::-1]]})
    found = query(
        tmp_path,
        "select published_on, model, company, rating, copies from marts.fct_arena_scores "
        "order by all",
    )
    assert found == [
        (DAYS[0], "m", "OpenAI", 1390, 2),
        (DAYS[0], "n", "Meta", 1380, 1),
        (DAYS[1], "m", "OpenAI", 1390, 2),
    ]
    assert query(tmp_path, "select repeated from marts.meta_arena_tables order by all") == [
        (1,), (1,),
    ]  # fmt: skip
    run_dbt(tmp_path, "run", "--select", "+meta_freshness")
    assert query(tmp_path, "select * exclude (recorded_at) from marts.meta_freshness") == [
        ("arena/text", DAYS[0], DAYS[1], 2, "test"),
    ]  # fmt: skip


def test_days_at_first_leave_and_come_back(tmp_path: Path) -> None:
    """Days of 10, 5, 20, 5 and 7: Google, tie, xAI, Google is away, Google again."""
    ratings: list[dict[str, float]] = [
        {"Google": 1400, "xAI": 1390},
        {"Google": 1400, "xAI": 1400},
        {"Google": 1400, "xAI": 1401},
        {"xAI": 1401},
        {"Google": 1410, "xAI": 1401},
        {"Google": 1410, "xAI": 1401},
    ]
    build(
        tmp_path,
        {
            date: [row(name, name, rating) for name, rating in listed.items()]
            for date, listed in zip(DAYS, ratings, strict=True)
        },
    )
    columns = "published_on, rank_min, days_at_first, days_held, first_listed, listed_since"
    assert companies(tmp_path, columns, "company = 'Google'") == [
        (DAYS[0], 1, 0, 10, DAYS[0], DAYS[0]),
        (DAYS[1], 1, 10, 5, DAYS[0], DAYS[0]),
        (DAYS[2], 2, 15, 0, DAYS[0], DAYS[0]),
        (DAYS[4], 1, 15, 7, DAYS[0], DAYS[4]),
        (DAYS[5], 1, 22, None, DAYS[0], DAYS[4]),
    ]
    assert companies(tmp_path, columns, "company = 'xAI'") == [
        (DAYS[0], 2, 0, 0, DAYS[0], DAYS[0]),
        (DAYS[1], 1, 0, 5, DAYS[0], DAYS[0]),
        (DAYS[2], 1, 5, 20, DAYS[0], DAYS[0]),
        (DAYS[3], 1, 25, 5, DAYS[0], DAYS[0]),
        (DAYS[4], 2, 30, 0, DAYS[0], DAYS[0]),
        (DAYS[5], 2, 30, None, DAYS[0], DAYS[0]),
    ]


def test_no_change_is_told_across_a_reanchoring(tmp_path: Path) -> None:
    """Shifts of 0 (one model moved), 2 less a bit, 2, and too few models to judge by."""
    names = "abcdefg"
    base = {name: 1300.0 + number for number, name in enumerate(names)}
    dates = [
        base,
        {**base, "a": 1350.0},
        {name: rating + 1.99 for name, rating in base.items()},
        {name: rating + 3.99 for name, rating in base.items()},
        {name: base[name] + 3.99 for name in "abcd"},
    ]
    listed = {
        date: [row(name, "Meta", rating) for name, rating in ratings.items()]
        for date, ratings in zip(DAYS, dates, strict=False)
    }
    build(tmp_path, listed)
    assert query(
        tmp_path,
        "select anchor_period, is_reanchored, shared_models, round(median_shift, 2) "
        "from marts.meta_arena_tables order by published_on",
    ) == [(1, False, 0, None), (1, False, 7, 0), (1, False, 7, 1.99), (2, True, 7, 2),
          (3, True, 4, 0)]  # fmt: skip
    assert query(
        tmp_path,
        "select anchor_period, round(rating_change, 2) from marts.fct_arena_scores "
        "where model = 'a' order by published_on",
    ) == [(1, None), (1, 50), (1, -48.01), (2, None), (3, None)]
    assert query(
        tmp_path,
        "select count(*) from marts.fct_arena_scores as now, marts.fct_arena_scores as past "
        "where now.anchor_period <> past.anchor_period and now.rating_change is not null "
        "and past.published_on = (select max(published_on) from marts.fct_arena_scores "
        "where published_on < now.published_on)",
    ) == [(0,)]


def test_leaderboards_stand_apart_and_scores_are_no_ratings(tmp_path: Path) -> None:
    build(tmp_path, {DAYS[0]: [row("a", "Meta", 1300), row("b", "xAI", 1290)]})
    build(tmp_path, {DAYS[1]: [row("a", "Meta", 1290), row("b", "xAI", 1300)]},
          arena="text_style_control")  # fmt: skip
    build(tmp_path, {DAYS[n]: [row("a", "Meta", 0.6 + n, 0.1), row("b", "xAI", 0.5, 0.1)]
                     for n in (0, 1)}, arena="agent", measure="score")  # fmt: skip
    columns = "arena, published_on, company, rank_min, rank_worst, anchor_period, expected_win_rate"
    found = companies(tmp_path, f"{columns}, first_listed")
    assert [(*one[:-2], one[-2] and round(one[-2], 3), one[-1]) for one in found] == [
        ("agent", DAYS[0], "Meta", 1, 2, None, None, DAYS[0]),
        ("agent", DAYS[0], "xAI", 2, 2, None, None, DAYS[0]),
        ("agent", DAYS[1], "Meta", 1, 1, None, None, DAYS[0]),
        ("agent", DAYS[1], "xAI", 2, 2, None, None, DAYS[0]),
        ("text", DAYS[0], "Meta", 1, 2, 1, 0.5, DAYS[0]),
        ("text", DAYS[0], "xAI", 2, 2, 1, 0.514, DAYS[0]),
        ("text_style_control", DAYS[1], "xAI", 1, 2, 1, 0.5, DAYS[1]),
        ("text_style_control", DAYS[1], "Meta", 2, 2, 1, 0.514, DAYS[1]),
    ]
    changes = query(tmp_path, "select count(rating_change) from marts.fct_arena_scores")
    assert changes == [(0,)]


def test_facts_are_of_the_newest_revision_and_come_back_from_disk(tmp_path: Path) -> None:
    first = {DAYS[0]: [row("a'); drop", "Meta", 1300), row("<b>", "xAI", 1290)]}
    build(tmp_path, first)
    assert companies(tmp_path, "company, rating") == [("Meta", 1300), ("xAI", 1290)]
    build(tmp_path, {DAYS[0]: [row("a'); drop", "Meta", 1280), row("<b>", "xAI", 1290)]})
    assert companies(tmp_path, "company, rating") == [("xAI", 1290), ("Meta", 1280)]
    assert query(tmp_path, "select distinct revision from marts.fct_arena_scores") == [(2,)]
    assert query(tmp_path, "select revision, rating from raw.arena_scores where model[1] = 'a' "
                 "order by 1") == [(1, 1300), (2, 1280)]  # fmt: skip
    before = marts(tmp_path)
    renew(tmp_path)
    assert marts(tmp_path) == before
    (tmp_path / "warehouse.duckdb").unlink()
    renew(tmp_path)
    assert marts(tmp_path) == before


# The real leaderboard


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole path over the real file: HTTP, disk, ledger, facts."""
    source = SHARED_DATA / "arena" / "text_full.parquet"
    if not source.is_file():
        pytest.skip("the real leaderboard is not beside this checkout")
    home = tmp_path_factory.mktemp("arena")

    def write(path: Path) -> None:
        shutil.copyfile(source, path)

    at = dt.datetime(2025, 8, 5, tzinfo=dt.UTC)
    upload = Commit(at, "text/full-00000-of-00001.parquet", write)
    with serving(SampleHub([], "replay", datasets=[SampleDataset(ARENA, [upload])])) as endpoint:
        visit = record_arena(
            ArenaStore(home / "arena"),
            CaptureStore(home / "captures"),
            HubClient(HubAccess(endpoint)),
            dt.date(2026, 11, 25),
        )
    assert (len(visit.written), visit.quarantined, visit.problems) == (91, 0, [])
    renew(home)
    return home


def on(date: str) -> str:
    return f"published_on = date '{date}'"


def test_the_real_file_comes_through_whole(real: Path) -> None:
    assert query(
        real, "select count(*), sum(models + repeated), sum(repeated), sum(unmapped), "
        "sum(without_organization) from marts.meta_arena_tables"
    ) == [(91, 15_903, 4, 0, 0)]  # fmt: skip
    # Everything displayed has a company, everything licensed an answer but for "Other" and none.
    assert query(
        real, "select distinct license from marts.fct_arena_scores where is_open_weights is null "
        "order by 1"
    ) == [("N/A",), ("Other",), (None,)]  # fmt: skip


def test_the_real_company_ranks_meet_what_was_reported(real: Path) -> None:
    """Claims C180 to C194: the highest rating of each organisation."""

    def tops(date: str, names: Iterable[str]) -> list[float]:
        found: dict[str, float] = dict(companies(real, "company, rating", on(date)))
        return [found[name] for name in names]

    assert tops("2025-01-29", ["Google", "OpenAI", "DeepSeek", "xAI", "Anthropic", "Alibaba"]) == [
        1382, 1365, 1358, 1288, 1284, 1282,
    ]  # fmt: skip
    columns = "company, rating, rank_min, rank_best, rank_worst"
    assert companies(real, columns, f"{on('2025-08-04')} and rank_min <= 11") == [
        ("Google", 1470, 1, 1, 1),
        ("Zhipu AI", 1434, 2, 2, 6),
        ("xAI", 1434, 2, 2, 6),
        ("OpenAI", 1429, 4, 2, 6),
        ("Alibaba", 1427, 5, 2, 7),
        ("DeepSeek", 1427, 5, 2, 6),
        ("Meta", 1416, 7, 6, 7),
        ("Moonshot AI", 1380, 8, 8, 11),
        ("Tencent", 1376, 9, 8, 11),
        ("Anthropic", 1373, 10, 8, 11),
        ("Mistral AI", 1370, 11, 8, 11),
    ]


def test_the_real_holders_of_first_rank(real: Path) -> None:
    held = query(
        real,
        "select company, sum(days_held), max(days_at_first) from marts.fct_arena_company_ranks "
        "group by company having sum(days_held) > 0 order by 2 desc",
    )
    assert held == [("Google", 233, 233), ("OpenAI", 124, 124), ("xAI", 36, 36)]
    # Every day between the first and the last date has one holder; nobody tied.
    assert sum(days for _, days, _ in held) == (dt.date(2025, 8, 4) - dt.date(2024, 7, 7)).days


def test_the_real_aliases_are_one_company(real: Path) -> None:
    found = query(
        real,
        "select company, string_agg(distinct organization, '; ' order by organization) "
        "from marts.fct_arena_scores "
        "where company in ('DeepSeek', 'Zhipu AI', 'Allen Institute for AI') "
        "group by company order by 1",
    )
    assert found == [
        ("Allen Institute for AI", "Ai2; Allen AI; AllenAI/UW"),
        ("DeepSeek", "DeepSeek; DeepSeek AI"),
        ("Zhipu AI", "Tsinghua; Z.ai; Zhipu; Zhipu AI"),
    ]


def test_the_real_experimental_model_leaves_and_comes_back(real: Path) -> None:
    """Meta 1417, 1292, 1416; and no change is told across what happened to the scale meanwhile."""
    dates = ("2025-04-06", "2025-04-13", "2025-07-18", "2025-07-28")
    found = companies(
        real,
        "best_model, is_open_weights, rating, rank_min, best_open_rating",
        f"company = 'Meta' and published_on in ({', '.join(f'date {one!r}' for one in dates)})",
    )
    experimental, released = (
        "Llama-4-Maverick-03-26-Experimental", "Llama-4-Maverick-17B-128E-Instruct",
    )  # fmt: skip
    assert found == [
        # The licence displayed was Llama 4; the weights never came, and later none was displayed.
        (experimental, True, 1417, 2, 1417),
        (released, True, 1273, 14, 1273),
        (released, True, 1292, 17, 1292),
        (experimental, None, 1416, 5, 1291),
    ]
    assert query(
        real,
        "select published_on, rating_change from marts.fct_arena_scores where model = ? "
        "and rating_change is null order by 1",
        experimental,
    ) == [
        (dt.date(2025, 4, 6), None),
        (dt.date(2025, 7, 27), None),
        (dt.date(2025, 7, 28), None),
        (dt.date(2025, 8, 1), None),
    ]


def test_the_real_scale_moved_ten_times(real: Path) -> None:
    assert query(
        real,
        "select strftime(published_on, '%Y-%m-%d'), median_shift from marts.meta_arena_tables "
        "where is_reanchored order by 1",
    ) == [
        ("2025-05-20", -3), ("2025-06-03", 10), ("2025-06-06", 2), ("2025-06-12", 5),
        ("2025-06-17", 2), ("2025-06-25", 2), ("2025-07-07", -2), ("2025-07-27", 3),
        ("2025-07-28", 2), ("2025-08-01", -2),
    ]  # fmt: skip
