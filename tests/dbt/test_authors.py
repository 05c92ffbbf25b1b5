"""METHOD D19: what authors derive from next, and new derivatives beside downloads."""

import datetime as dt
import itertools
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import Item, build_facts, hub_id, item, load, query, record

FIRST, NEXT = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
QWEN, QWEN_TOO, LLAMA, OTHER = "Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "meta-llama/Llama-3-8B", "x/base"
BASES = [item(name, 100) for name in (QWEN, QWEN_TOO, LLAMA, OTHER)]


def made(author: str, on: str, *parents: str, **more: Any) -> Item:
    """A derivative created on a date of 2025."""
    name = f"{author}/{on}{''.join(parents)[-2:]}"
    return item(name, 1, parents, createdAt=f"2025-{on}T10:00:00.000Z", **more)


GONE = made("eve", "07-01", QWEN)
DERIVATIVES = [
    made("ann", "07-01", QWEN),
    made("ann", "08-01", QWEN),
    made("ann", "08-02", LLAMA),
    made("ann", "10-05", QWEN),
    # On one date the id decides, whatever the order of names and times.
    made("tie", "07-10", QWEN, _id="b" * 24),
    {**made("tie", "07-10", LLAMA, _id="a" * 24), "createdAt": "2025-07-10T20:00:00.000Z"},
    made("tie", "07-11", QWEN),
    # A merge of two families is the larger part's, or the first one's by name.
    made("merges", "07-03", QWEN, LLAMA),
    made("merges", "07-04", QWEN, LLAMA, QWEN_TOO),
    made("single", "07-01", QWEN),
    # Its own family's are left out before pairs are made; what it makes of others' is its choice.
    made("Qwen", "07-01", LLAMA),
    made("Qwen", "07-02", QWEN),
    made("Qwen", "07-03", QWEN),
    made("Qwen", "07-04", LLAMA),
    made("deepseek-ai", "07-05", QWEN),
    made("deepseek-ai", "07-06", LLAMA),
    *(made("mill", f"07-{day:02}", QWEN) for day in range(1, 11)),
    made("mill", "07-11", LLAMA),
    made("eve", "07-02", LLAMA),
    {**item("fay/lost", 1, tags=["base_model:nobody/thing"]), "createdAt": "2025-07-01T10:00:00Z"},
    made("fay", "07-02", OTHER),
    made("undated", "07-01", QWEN),
    item("undated/too", 1, [QWEN]),
    item("ownerless-a", 1, [QWEN], createdAt="2025-07-01T10:00:00.000Z"),
    item("ownerless-b", 1, [QWEN], createdAt="2025-07-02T10:00:00.000Z"),
    item("self/self", 1, ["self/self"], createdAt="2025-07-01T10:00:00.000Z"),
    made("self", "07-02", QWEN),
]


AUTHORS = ("fct_author_retention", "fct_flywheel_monthly", "fct_flywheel_lags")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("authors")
    record(home, {FIRST: [*BASES, *DERIVATIVES, GONE], NEXT: [*BASES, *DERIVATIVES]})
    load(home, [FIRST, NEXT])
    build_facts(home, *AUTHORS)
    return home


def test_transitions_by_hand(home: Path) -> None:
    rows = query(
        home,
        "select quarter, from_family, to_family, transitions, from_transitions, share, authors, "
        "from_authors, share_by_author from marts.fct_author_retention",
    )
    summer, autumn = dt.date(2025, 7, 1), dt.date(2025, 10, 1)
    # From Qwen: ann 1 + 1, tie 1, mill 9 + 1, deepseek-ai and eve 0 + 1, to Qwen and to Llama.
    assert {row[:3]: row[3:] for row in rows} == {
        (summer, "Qwen", "Qwen"): (11, 15, 11 / 15, 3, 5, pytest.approx((0.5 + 1 + 0.9) / 5)),
        (summer, "Qwen", "Llama"): (4, 15, 4 / 15, 4, 5, pytest.approx((0.5 + 0.1 + 1 + 1) / 5)),
        # Of tie and merges to Qwen; Qwen itself stays with Llama.
        (summer, "Llama", "Qwen"): (2, 3, 2 / 3, 2, 3, pytest.approx(2 / 3)),
        (summer, "Llama", "Llama"): (1, 3, 1 / 3, 1, 3, pytest.approx(1 / 3)),
        (summer, "unknown", "other"): (1, 1, 1, 1, 1, 1),
        (summer, "unknown", "unknown"): (0, 1, 0, 0, 1, 0),
        (autumn, "Llama", "Qwen"): (1, 1, 1, 1, 1, 1),
        (autumn, "Llama", "Llama"): (0, 1, 0, 0, 1, 0),
    }


def test_months_by_hand(home: Path) -> None:
    rows = query(
        home,
        "select month, family, new_derivatives, authors, new_authors, repeat_author_share, "
        "downloads from marts.fct_flywheel_monthly",
    )
    assert len({row[:2] for row in rows}) == len(rows)
    months = sorted({row[0] for row in rows})
    # March is under way.
    assert (months[0], months[-1], len(months)) == (dt.date(2025, 7, 1), dt.date(2026, 2, 1), 8)
    found = {(row[0].month, row[1]): row[2:] for row in rows if row[2]}
    assert found == {
        # mill 10, tie 2, one each of seven others; tie and merges began with Llama.
        (7, "Qwen"): (19, 9, 7, 0, None),
        # tie, merges, Qwen twice, deepseek-ai, mill, eve.
        (7, "Llama"): (7, 6, 3, 0, None),
        (7, "unknown"): (1, 1, 1, 0, None),
        (7, "other"): (1, 1, 0, 0, None),
        (8, "Qwen"): (1, 1, 0, 1, None),
        (8, "Llama"): (1, 1, 0, 0, None),
        (10, "Qwen"): (1, 1, 0, 1, None),
    }
    assert [row[2:] for row in rows if row[0].month == 9 and row[1] == "Qwen"] == [
        (0, 0, 0, None, None)
    ]


MONTHS = 21
LAG = 2


def month(number: int) -> dt.date:
    return dt.date(2024 + (number + 2) // 12, (number + 2) % 12 + 1, 1)


def series() -> dict[str, tuple[list[int], list[int]]]:
    """Downloads and new derivatives a month: Qwen's derivatives follow two months later."""
    factors = [random.Random(number).choice((1, 2, 3, 5, 8)) for number in range(MONTHS)]
    return {
        QWEN: (
            [factor * 1_000_000 for factor in factors],
            [3] * LAG + [2 * factor for factor in factors[: MONTHS - LAG]],
        ),
        LLAMA: (
            [(number % 3 + 1) * 1000 for number in range(MONTHS)],
            [0 if number == 10 else number % 4 + 1 for number in range(MONTHS)],
        ),
        "deepseek-ai/DeepSeek-V3": (
            [(number % 3 + 1) * 1000 for number in range(MONTHS)],
            [number % 2 + 1 if number < 6 else 0 for number in range(MONTHS)],
        ),
    }


def expected_lag(downloads: list[int], derivatives: list[int], lag: int) -> tuple[int, Any]:
    """Pairs, and their correlation, by numpy."""

    def steps(values: list[int]) -> list[float | None]:
        return [
            math.log(after / before) if before and after else None
            for before, after in itertools.pairwise(values)
        ]

    causes, effects = steps(downloads), steps(derivatives)
    pairs = [
        (causes[number], effects[number + lag])
        for number in range(len(causes))
        if 0 <= number + lag < len(effects)
        and causes[number] is not None
        and effects[number + lag] is not None
    ]
    if len(pairs) < 6:
        return len(pairs), None
    return len(pairs), pytest.approx(np.corrcoef(np.array(pairs, dtype=float).T)[0, 1], abs=1e-9)


@pytest.fixture(scope="module")
def lagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("lags")
    made_series = series()
    captures = {}
    for number in range(MONTHS + 1):
        # So many others that what these models do is no fault of a night, in rows or in downloads.
        items = [item(f"z/{n}", 9, downloadsAllTime=10**6 * (number + 1)) for n in range(400)]
        # Downloads of a derivative are not the family's own; this one has no creation date.
        quant = item("someone/quant", 9, [QWEN], "quantized", downloadsAllTime=999 * number)
        items.append(quant)
        for base, (downloads, derivatives) in made_series.items():
            items.append(item(base, 9, downloadsAllTime=5 + sum(downloads[:number])))
            items += [
                item(f"a{n}/{base[:4]}-{past}", 1, [base], createdAt=f"{month(past)}T10:00:00.000Z")
                for past in range(number)
                for n in range(derivatives[past])
            ]
        captures[month(number)] = items
    record(home, captures)
    load(home, sorted(captures))
    build_facts(home, *AUTHORS, max_models=5000)
    return home


def test_lags_are_those_of_numpy(lagged: Path) -> None:
    families = {"Qwen": QWEN, "Llama": LLAMA, "DeepSeek": "deepseek-ai/DeepSeek-V3"}
    found: Mapping[tuple[str, int], tuple[int, Any]] = {
        (family, lag): (pairs, correlation)
        for family, lag, pairs, correlation in query(
            lagged, "select family, lag_months, pairs, correlation from marts.fct_flywheel_lags"
        )
    }
    made_series = series()
    assert {key: value for key, value in found.items() if key[0] in families} == {
        (family, lag): expected_lag(*made_series[base], lag)
        for family, base in families.items()
        for lag in range(-6, 7)
    }
    assert found["Qwen", LAG][1] > 0.99
    assert max(found["Qwen", lag][1] for lag in range(-6, 7) if lag != LAG) < 0.9
    # Two differences less for a month without any; five are too few.
    assert found["Llama", 0][0] == MONTHS - 1 - 2
    assert found["DeepSeek", 0] == (5, None)
    # Others derive nothing at all.
    assert found["other", 0] == (0, None)


def test_downloads_are_first_party_ones(lagged: Path) -> None:
    rows = query(
        lagged,
        "select downloads from marts.fct_flywheel_monthly where family = 'Qwen' order by month",
    )
    assert [downloads for (downloads,) in rows] == series()[QWEN][0]
    spans = query(
        lagged,
        "select first_month, last_month from marts.fct_flywheel_lags "
        "where family = 'Qwen' and lag_months = ?",
        LAG,
    )
    assert spans == [(month(1), month(MONTHS - 1 - LAG))]
    assert hub_id(QWEN) not in {
        row[0] for row in query(lagged, "select hub_id from intermediate.int_author_derivatives")
    }
