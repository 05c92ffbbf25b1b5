"""METHOD D20: downloads at an age against those of a model's size class, through real captures."""

import datetime as dt
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assets.ledger.due import facts_done, facts_due, next_batch
from assets.ledger.warehouse import connect
from tests.helpers import Item, hub_id, item, load, query, record, record_archived, run_dbt

BORN = dt.date(2026, 1, 1)


def day(age: int) -> dt.date:
    return BORN + dt.timedelta(days=age)


def model(repo_id: str, count: int | None, parameters: int | None = 5 * 10**9, **more: Any) -> Item:
    """A generative model created on BORN."""
    sized = {"safetensors": {"total": parameters}} if parameters else {}
    born = {"createdAt": f"{BORN}T10:00:00.000Z", "pipeline_tag": "text-generation"}
    return item(repo_id, 9, downloadsAllTime=count, **{**born, **sized, **more})


def others(date: dt.date) -> list[Item]:
    """So many, and so steady, that what a few models do is no fault of the night."""
    count = 10**6 + 10**4 * (date - BORN).days
    born = f"{BORN}T10:00:00.000Z"
    return [item(f"z/{n}", 9, downloadsAllTime=count, createdAt=born) for n in range(150)]


def compute(home: Path, max_models: int = 10**9) -> None:
    """The two tables and what they need, for the dates that are due, in batches."""
    while True:
        with connect(home) as connection:
            batch = next_batch(connection, max_models)
        run_dbt(
            home, "build", "--select", "+fct_relative_adoption", "dim_family",
            "--resource-type", "model", "--resource-type", "seed",
        )  # fmt: skip
        run_dbt(home, "test", "--select", "int_model_ages", "fct_relative_adoption")
        with connect(home) as connection:
            facts_done(connection, batch)
            if not facts_due(connection):
                return


def computed(home: Path, captures: Mapping[dt.date, Sequence[Item]]) -> Path:
    record(home, {date: [*items, *others(date)] for date, items in captures.items()})
    load(home, sorted(captures))
    compute(home)
    return home


def twelve(count: Callable[[int], int], numbers: Sequence[int]) -> list[Item]:
    return [model(f"Qwen/Qwen3-{number}", count(number)) for number in numbers]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve models at 7 and 14 days; the two largest are gone at 30."""
    everyone, ten = range(1, 13), range(1, 11)
    return computed(
        tmp_path_factory.mktemp("twelve"),
        {
            day(0): [],
            day(7): [
                *twelve(lambda number: 1000 * number, everyone),
                # None of these counts, however large.
                model("someone/Qwen3-quant", 10**6),
                model("Qwen/Qwen3-Embedding", 10**6),
                model("Qwen/Qwen3-unsized", 10**6, None),
                model("Qwen/Qwen3-image", 10**6, pipeline_tag="text-to-image"),
                model("Qwen/Qwen3-few", 999),
                model("Qwen/Qwen3-null", None),
                model("Qwen/Qwen3-undated", 10**6, createdAt=None),
                # Another class has its own reference, and alone none.
                model("Qwen/Qwen3-small", 10**6, 10**8),
            ],
            day(14): twelve(lambda number: 1000 * number, everyone),
            day(28): twelve(lambda number: 1000 * number + 100, ten),
            day(32): twelve(lambda number: 1000 * number + 500, ten),
        },
    )


def scores(home: Path, age: int, version: str) -> dict[str, tuple[Any, ...]]:
    rows = query(
        home,
        "select repo_id, downloads, models, reference_downloads, score "
        "from marts.fct_relative_adoption where age_days = ? and version = ? "
        "and size_class = '3B to 10B'",
        age, version,
    )  # fmt: skip
    return {name: tuple(rest) for name, *rest in rows}


def test_median_of_the_top_ten_v1(home: Path) -> None:
    # The ten largest of 1000 to 12000 have the median (7000 + 8000) / 2.
    assert scores(home, 7, "ram_median10_v1") == {
        f"Qwen/Qwen3-{n}": (1000 * n, 12, 7500, 1000 * n / 7500) for n in range(1, 13)
    }
    # 30 days lie halfway between the captures at 28 and 32.
    assert scores(home, 30, "ram_median10_v1") == {
        f"Qwen/Qwen3-{n}": (1000 * n + 300, 10, 5800, (1000 * n + 300) / 5800) for n in range(1, 11)
    }


def test_tenth_of_the_class_v2_never_falls_with_age(home: Path) -> None:
    assert scores(home, 7, "ram_top10th_v2") == {
        f"Qwen/Qwen3-{n}": (1000 * n, 12, 3000, n / 3) for n in range(1, 13)
    }
    # The tenth has 1300 at 30 days, but had 3000 before.
    assert scores(home, 30, "ram_top10th_v2")["Qwen/Qwen3-10"] == (10300, 10, 3000, 10300 / 3000)


def test_fewer_than_ten_are_no_reference(home: Path) -> None:
    assert query(
        home,
        "select repo_id, version, downloads, models, reference_downloads, score "
        "from marts.fct_relative_adoption where size_class <> '3B to 10B' order by 2",
    ) == [
        ("Qwen/Qwen3-small", "ram_median10_v1", 10**6, 1, None, None),
        ("Qwen/Qwen3-small", "ram_top10th_v2", 10**6, 1, None, None),
    ]


def test_ages_that_no_captures_bound_have_no_row(home: Path) -> None:
    ages = query(home, "select distinct age_days from marts.fct_relative_adoption order by 1")
    assert ages == [(7,), (14,), (30,)]


def ages(home: Path) -> dict[tuple[str, int], tuple[Any, ...]]:
    rows = query(
        home,
        "select hub_id, age_days, aged_on, known_on, family, downloads "
        "from intermediate.int_model_ages",
    )
    return {(name, age): tuple(rest) for name, age, *rest in rows}


def test_what_bounds_an_age(tmp_path: Path) -> None:
    counts: dict[str, dict[int, int]] = {
        "steady": {5: 1000, 9: 1400, 20: 2500, 34: 3900},
        # One capture passed it over: still within 14 days.
        "missed": {5: 1000, 15: 2000, 20: 2500},
        "too-far": {5: 1000, 20: 2500, 34: 4000},
        "late": {9: 5000, 20: 6100},
        "fell": {5: 9000, 9: 2000, 20: 2000},
        "held": {5: 9000, 9: 2000, 15: 9500, 20: 9500},
    }
    home = computed(
        tmp_path,
        {
            day(age): [
                model(f"Qwen/Qwen3-{name}", count[age])
                for name, count in counts.items()
                if age in count
            ]
            for age in (0, 5, 9, 15, 20, 34)
        },
    )
    found = {key: value[-1] for key, value in ages(home).items()}
    names = {hub_id(f"Qwen/Qwen3-{name}"): name for name in counts}
    assert {(names[key], age): count for (key, age), count in found.items()} == {
        ("steady", 7): 1200,
        ("steady", 14): 1900,
        ("steady", 30): 3500,
        ("missed", 7): 1200,
        ("missed", 14): 1900,
        # The captures at 5 and 20 days are 15 apart, those at 20 and 34 are 14.
        ("too-far", 30): 2500 + 1500 * 10 / 14,
        ("late", 14): 5500,
        # A fall that stays bounds nothing on its way down, but what follows it does.
        ("fell", 14): 2000,
        ("held", 7): 9100,
        ("held", 14): 9450,
    }


def test_a_model_away_for_more_than_nine_captures_begins_anew(tmp_path: Path) -> None:
    away = {"Qwen/Qwen3-nine": range(6, 14), "Qwen/Qwen3-ten": range(5, 14)}
    home = computed(
        tmp_path,
        {
            day(age): [model(name, 1000 + age) for name, ages in away.items() if age not in ages]
            for age in range(15)
        },
    )
    assert {key for key in ages(home) if key[1] == 7} == {(hub_id("Qwen/Qwen3-nine"), 7)}


def test_who_counts_is_told_by_the_capture_that_bounds_the_age(tmp_path: Path) -> None:
    """A model that is renamed, handed over or deleted keeps what it was."""
    renamed: dict[str, Any] = {"_id": hub_id("one")}
    captures = {
        day(0): [],
        day(7): [model("Qwen/Qwen3-old", 2000, **renamed), model("Qwen/Qwen3-gone", 3000)],
        day(14): [model("Qwen/Qwen3-new", 4000, **renamed)],
        day(25): [model("Qwen/Qwen3-new", 6000, **renamed)],
        day(32): [model("someone/Qwen3-new", 8000, **renamed)],
        day(58): [model("someone/Qwen3-new", 9000, pipeline_tag="text-to-image", **renamed)],
        day(62): [model("Qwen/Qwen3-new", 9400, **renamed)],
        day(90): [model("Qwen/Qwen3-new", 9900, pipeline_tag="text-to-image", **renamed)],
    }
    home = computed(tmp_path, captures)
    assert ages(home) == {
        (hub_id("one"), 7): (day(7), day(7), "Qwen", 2000),
        (hub_id("one"), 14): (day(14), day(14), "Qwen", 4000),
        # It was someone's at 32 days, and Qwen's again at 62.
        (hub_id("one"), 60): (day(60), day(62), "Qwen", 9200),
        (hub_id("Qwen/Qwen3-gone"), 7): (day(7), day(7), "Qwen", 3000),
    }
    names = query(home, "select distinct repo_id, age_days from marts.fct_relative_adoption")
    assert sorted(names) == [
        ("Qwen/Qwen3-gone", 7),
        ("Qwen/Qwen3-new", 7),
        ("Qwen/Qwen3-new", 14),
        ("Qwen/Qwen3-new", 60),
    ]


def test_a_late_capture_takes_a_row_away(tmp_path: Path) -> None:
    """The only age of its date; the late capture tells that the model was somebody else's then."""
    one: dict[str, Any] = {"_id": hub_id("one")}
    captures = {
        day(5): [*others(day(5)), model("Qwen/Qwen3-a", 2000, **one)],
        day(8): [*others(day(8)), model("someone/a", 2300, **one)],
        day(9): [*others(day(9)), model("Qwen/Qwen3-a", 2400, **one)],
    }
    record(tmp_path, captures)
    for dates, rows in (((5, 9), {(hub_id("one"), 7)}), ((8,), set())):
        load(tmp_path, [day(age) for age in dates])
        compute(tmp_path)
        assert set(ages(tmp_path)) == rows


def test_an_age_that_is_long_past_goes_by_the_id_that_the_hub_tells(tmp_path: Path) -> None:
    archived = [0, 7, *range(31, 41)]
    captures = {
        day(age): [*others(day(age)), model("Qwen/Qwen3-a", 2000 + age)] for age in [*archived, 42]
    }
    record_archived(tmp_path, {day(age): captures[day(age)] for age in archived})
    record(tmp_path, {day(42): captures[day(42)]})
    load(tmp_path, [day(age) for age in archived])
    compute(tmp_path)
    ((stand_in, age),) = ages(tmp_path)
    assert (stand_in != hub_id("Qwen/Qwen3-a"), age) == (True, 7)
    load(tmp_path, [day(42)])
    compute(tmp_path)
    assert set(ages(tmp_path)) == {(hub_id("Qwen/Qwen3-a"), 7)}


TABLES = ("intermediate.int_model_ages", "marts.fct_relative_adoption")


def tables(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {table: query(home, f"select * from {table} order by all") for table in TABLES}


@pytest.mark.long
def test_a_late_capture_in_the_middle_changes_the_ages_around_it(tmp_path: Path) -> None:
    counts = {0: 0, 5: 1000, 9: 1200, 13: 5000, 21: 5800}
    captures = {
        day(age): [*others(day(age)), *twelve(partial(operator.add, count), range(12))]
        for age, count in counts.items()
    }
    found = {}
    for name, order in {
        "in order": [[0, 5, 9, 13, 21]],
        "late": [[0, 5, 13, 21], [9]],
        "reversed": [[21], [13], [9], [5], [0]],
    }.items():
        home = tmp_path / name
        record(home, captures)
        for some in order:
            load(home, [day(age) for age in some])
            compute(home)
            if name == "late" and len(some) > 1:
                assert ages(home)[hub_id("Qwen/Qwen3-0"), 7][-1] == 2000
        found[name] = tables(home)
        assert ages(home)[hub_id("Qwen/Qwen3-0"), 7][-1] == 1100
        assert ages(home)[hub_id("Qwen/Qwen3-0"), 14][-1] == 5100
    assert len(found["in order"]["marts.fct_relative_adoption"]) == 12 * 2 * 2
    for name, rows in found.items():
        assert rows == found["in order"], name


def world(rng: random.Random, nights: int) -> dict[dt.date, list[Item]]:
    """First-party models that come, fall, go away, are renamed and handed over."""
    models = 40
    counts = [rng.randrange(900, 3000) for _ in range(models)]
    born = [day(rng.randrange(-20, 30)) for _ in range(models)]
    owners = [rng.choice(("Qwen", "deepseek-ai")) for _ in range(models)]
    away: set[int] = set()
    captures = {}
    date = BORN
    for _ in range(nights):
        date += dt.timedelta(days=rng.choice((1, 1, 2, 3, 9)))
        items = others(date)
        for number in range(models):
            counts[number] += rng.randrange(60)
            if rng.random() < 0.08:
                counts[number] = rng.choice((counts[number] // 2, 2 * counts[number]))
            if rng.random() < 0.15:
                away ^= {number}
            if rng.random() < 0.06:
                owners[number] = rng.choice(("Qwen", "deepseek-ai", "someone"))
            if number not in away and born[number] <= date:
                name = "DeepSeek" if owners[number] == "deepseek-ai" else "Qwen3"
                items.append(
                    model(
                        f"{owners[number]}/{name}-{number}", counts[number],
                        _id=hub_id(str(number)), createdAt=f"{born[number]}T10:00:00.000Z",
                        pipeline_tag=rng.choice(("text-generation",) * 19 + ("fill-mask",)),
                    )
                )  # fmt: skip
        captures[date] = items
    return captures


@pytest.mark.long
def test_any_order_gives_the_same_ages(tmp_path: Path) -> None:
    rng = random.Random(3)
    captures = world(rng, nights=16)
    dates = sorted(captures)
    expected = computed_in(tmp_path / "at once", captures, [dates])
    assert len(expected["intermediate.int_model_ages"]) > 30
    shuffled = list(dates)
    rng.shuffle(shuffled)
    for name, order in {
        "one by one": [dates[:12], *([date] for date in dates[12:])],
        "late": [shuffled[:7], shuffled[7:12], shuffled[12:]],
    }.items():
        assert computed_in(tmp_path / name, captures, order) == expected, name


def computed_in(
    home: Path, captures: Mapping[dt.date, Sequence[Item]], order: Sequence[Sequence[dt.date]]
) -> dict[str, list[tuple[Any, ...]]]:
    """The first captures are the archive's, without the Hub's ids."""
    first = sorted(captures)[: len(captures) // 3]
    record_archived(home, {date: captures[date] for date in first})
    record(home, {date: items for date, items in captures.items() if date not in first})
    for some in order:
        load(home, some)
        compute(home, max_models=2500)
    return tables(home)
