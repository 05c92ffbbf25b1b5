"""What headlines are made of (METHOD D11, D12, D14, D15, D17, D18), from the published months.

The published downloads of 24 months are fed in as captures of the first date of each month, so that
the figures of METHOD's vectors come out of the project's own flows.
"""

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import SHARED_DATA, Item, build_facts, item, load, query, record

Figures = dict[str, dict[dt.date, float]]

FIRST, FIRST_COUNTER, LAST = dt.date(2024, 10, 1), dt.date(2025, 3, 1), dt.date(2026, 9, 1)
# What the figures leave to everyone else comes from many, none of them large.
CROWD = [f"someone-{n}/model" for n in range(500)]
# Nobody's figures: shares, in millionths, that move to another level before a month without any.
BROKEN_OFF = [1.0, 1.1, 0.9, 1.05, 1.0, 4.0, 4.4, 3.9, 4.1, 4.0, 0, *[4.2, 4.0, 4.1] * 4, 4.0]


def month_after(month: dt.date) -> dt.date:
    return (month + dt.timedelta(31)).replace(day=1)


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    found = [first]
    while found[-1] < last:
        found.append(month_after(found[-1]))
    return found


@pytest.fixture(scope="module")
def published() -> Figures:
    path = SHARED_DATA / "publisher_monthly_downloads.csv"
    if not path.is_file():
        pytest.skip("the published monthly downloads are not beside this checkout")
    figures: Figures = defaultdict(dict)
    crowd: Figures = defaultdict(dict)
    totals = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            month = dt.date.fromisoformat(f"{row['month']}-01")
            figures[f"{row['publisher']}/model"][month] = float(row["downloads"])
            if row["publisher"] == "Qwen":
                totals[month] = float(row["downloads"]) / float(row["share_of_text_vlm"])
    for (month, total), share in zip(sorted(totals.items()), BROKEN_OFF, strict=True):
        figures["allenai/olmo"][month] = total * share / 1e6
        rest = total - sum(one.get(month, 0) for one in figures.values())
        for repo_id in CROWD:
            crowd[repo_id][month] = rest / len(CROWD)
    return figures | crowd


def capture(figures: Figures, date: dt.date) -> list[Item]:
    """The Hub on the first of a month: the month before in the window, all months in the count."""
    before = (date - dt.timedelta(1)).replace(day=1)
    days = (date - before).days
    items = []
    for repo_id, downloads in figures.items():
        if date >= min(downloads):
            one = item(
                repo_id,
                round(downloads.get(before, 0) * 30 / days),
                pipeline_tag="text-generation",
                createdAt="2022-03-02T23:29:04.000Z",
            )
            if date >= FIRST_COUNTER:
                counted = (n for month, n in downloads.items() if FIRST_COUNTER <= month < date)
                one["downloadsAllTime"] = round(sum(counted))
            items.append(one)
    return items


@pytest.fixture(scope="module")
def home(published: Figures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("headlines")
    dates = months(month_after(FIRST), month_after(LAST))
    record(home, {date: capture(published, date) for date in dates})
    load(home, dates)
    build_facts(home, tested=True)
    return home


def ratio(
    home: Path, month: str, unit_type: str, leader: str, competitor_set: str
) -> tuple[Any, ...]:
    (row,) = query(
        home,
        "select ratio, ratio_low, ratio_high, verdict, members from marts.fct_dominance "
        "where month = ? and unit_type = ? and leader = ? and competitor_set = ? "
        "and scope = 'text_vlm' and basis = ? and attribution = 'publisher'",
        dt.date.fromisoformat(f"{month}-01"), unit_type, leader, competitor_set,
        "counter" if month >= "2025-03" else "window",
    )  # fmt: skip
    return row


def test_the_published_months_come_out(home: Path, published: Figures) -> None:
    measured = dict(
        query(
            home,
            "select month, downloads from marts.fct_family_share_monthly where family = 'Qwen' "
            "and attribution = 'publisher' and scope = 'text_vlm' and basis = 'counter' "
            "and variant = 'raw'",
        )
    )
    assert measured == {
        month: pytest.approx(n, abs=1)
        for month, n in published["Qwen/model"].items()
        if month >= FIRST_COUNTER
    }


# METHOD section 0: over seven of the eight named labs, the first eight labs, the first eight
# publishers with repackagers, everyone else.
@pytest.mark.parametrize(
    ("month", "downloads", "named", "labs", "publishers", "rest"),
    [
        ("2025-08", 73.2, 1.14, 0.72, 0.60, 0.27),
        ("2025-10", 88.8, 1.64, 1.19, 0.99, 0.39),
        ("2025-12", 108.3, 1.66, 1.30, 1.13, 0.49),
        ("2026-02", 172.4, 2.55, 2.01, 1.67, 0.66),
        ("2026-04", 420.3, 3.84, 3.25, 2.58, 1.01),
        ("2026-09", 264.3, 2.45, 1.69, 1.21, 0.43),
    ],
)
def test_t9_dominance_depends_on_who_is_in_the_eight(
    home: Path,
    month: str,
    downloads: float,
    named: float,
    labs: float,
    publishers: float,
    rest: float,
) -> None:
    sets = {
        name: ratio(home, month, "company", "Alibaba", name)
        for name in ("xinhua8", "next_8_labs", "everyone_else")
    }
    assert sets["xinhua8"][0] == pytest.approx(named, abs=0.005)
    assert sets["next_8_labs"][0] == pytest.approx(labs, abs=0.005)
    assert sets["everyone_else"][0] == pytest.approx(rest, abs=0.005)
    assert ratio(home, month, "publisher", "Qwen", "next_8")[0] == pytest.approx(
        publishers, abs=0.005
    )
    (total,) = query(
        home,
        "select downloads from marts.fct_dominance where month = ? and leader = 'Qwen' "
        "and unit_type = 'publisher' and scope = 'text_vlm' and basis = 'counter' "
        "and competitor_set = 'next_1'",
        dt.date.fromisoformat(f"{month}-01"),
    )
    assert total[0] / 1e6 == pytest.approx(downloads, abs=0.05)


def test_t9_a_missing_member_is_bounded(home: Path, published: Figures) -> None:
    value, low, high, verdict, members = ratio(home, "2025-12", "company", "Alibaba", "xinhua8")
    assert (value, members, verdict) == (pytest.approx(1.657, abs=5e-4), 7, "ahead")
    assert high == value
    december = dt.date(2025, 12, 1)
    named = [
        published[f"{publisher}/model"][december]
        for publisher in (
            "meta-llama", "deepseek-ai", "openai", "mistralai", "nvidia", "zai-org", "moonshotai",
        )
    ]  # fmt: skip
    assert sum(named) == pytest.approx(65.3817e6, abs=100)
    # MiniMax, of which nothing is known, counts as the smallest that is known.
    assert low == pytest.approx(published["Qwen/model"][december] / (sum(named) + min(named)))
    february = ratio(home, "2026-02", "company", "Alibaba", "xinhua8")
    assert february[0] == pytest.approx(2.545, abs=5e-4)


def test_a_verdict_is_robust_only_if_all_sets_of_a_size_agree(home: Path) -> None:
    rows = query(
        home,
        "select month, competitor_set, verdict, robust_verdict from marts.fct_dominance "
        "where unit_type = 'company' and leader = 'Alibaba' and k = 8 and scope = 'text_vlm' "
        "and basis = 'counter' and attribution = 'publisher' "
        "and month in ('2025-08-01', '2025-12-01') order by all",
    )
    assert [(set_, verdict, robust) for _, set_, verdict, robust in rows] == [
        ("next_8", "behind", "depends on the set"),
        ("next_8_labs", "behind", "depends on the set"),
        ("xinhua8", "ahead", "depends on the set"),
        ("next_8", "ahead", "ahead"),
        ("next_8_labs", "ahead", "ahead"),
        ("xinhua8", "ahead", "ahead"),
    ]


def test_whoever_is_not_first_is_compared_with_the_largest_others(home: Path) -> None:
    """Meta over the largest other, which is Qwen."""
    value, *_ = ratio(home, "2026-02", "publisher", "meta-llama", "next_1")
    assert value == pytest.approx(24_883_095 / 172_376_564)


@pytest.mark.parametrize(
    ("month", "low", "high", "listed"),
    [
        ("2025-03", 234, 4056, 1604),
        ("2026-02", 1671, 2705, 3630),
        ("2026-04", 2574, 3285, 4786),
        ("2026-09", 984, 2683, 2848),
    ],
)
def test_t11_concentration_has_bounds(
    home: Path, month: str, low: float, high: float, listed: float
) -> None:
    (row,) = query(
        home,
        "select hhi_low, hhi_high, hhi_listed, effective_number_low, effective_number_high, "
        "units, remainder from marts.fct_concentration where month = ? and unit_type = 'company' "
        "and scope = 'text_vlm' and basis = 'counter' and attribution = 'publisher'",
        dt.date.fromisoformat(f"{month}-01"),
    )
    assert row[0] == pytest.approx(low, abs=0.5)
    assert row[1] == pytest.approx(high, abs=0.5)
    assert row[2] == pytest.approx(listed, abs=0.5)
    assert row[3:5] == (pytest.approx(1e4 / row[1]), pytest.approx(1e4 / row[0]))


def test_concentration_of_models_is_exact(home: Path, published: Figures) -> None:
    (row,) = query(
        home,
        "select hhi_low, hhi_high, gini, top_1_share, top_3_share, top_200_share, units "
        "from marts.fct_concentration where month = '2026-02-01' and unit_type = 'model' "
        "and scope = 'text_vlm' and basis = 'counter'",
    )
    february = dt.date(2026, 2, 1)
    values = sorted(round(one[february]) for one in published.values() if one.get(february))
    total = sum(values)
    squares = sum((value / total) ** 2 for value in values)
    gini = sum(
        abs(one - other) for one in values for other in values
    ) / (2 * len(values) * total)  # fmt: skip
    assert row == (
        pytest.approx(1e4 * squares, rel=1e-6),
        pytest.approx(1e4 * squares, rel=1e-6),
        pytest.approx(gini, rel=1e-5),
        pytest.approx(values[-1] / total),
        pytest.approx(sum(values[-3:]) / total),
        pytest.approx(sum(values[-200:]) / total, rel=1e-6),
        len(values),
    )


def test_t12_growth_names_its_window_and_its_peak(home: Path) -> None:
    row = query(
        home,
        "select monthly_rate, monthly_rate_fitted, doubling_months, window_from, window_months, "
        "peak_month, share_of_peak from marts.fct_growth where month = '2026-09-01' "
        "and unit_type = 'family' and unit = 'Qwen' and scope = 'text_vlm' "
        "and attribution = 'publisher' and metric = 'downloads' and growth_window = 'all'",
    )
    assert row == [
        (
            pytest.approx(0.140, abs=5e-4),
            pytest.approx(0.159, abs=5e-4),
            pytest.approx(4.7, abs=0.05),
            FIRST_COUNTER,
            18,
            dt.date(2026, 4, 1),
            pytest.approx(1 - 0.37, abs=0.005),
        )
    ]


def test_t12_from_100_to_200_in_three_months_doubles_in_three(tmp_path: Path) -> None:
    flows = [1_000_000, 1_259_921, 1_587_401, 2_000_000]
    dates = [dt.date(2026, month, 1) for month in range(1, 6)]
    counts = [sum(flows[:n]) for n in range(5)]
    record(
        tmp_path,
        {
            date: [
                item(
                    "Qwen/Qwen3-8B", 1, downloadsAllTime=count,
                    createdAt="2022-03-02T23:29:04.000Z",
                )
            ]
            for date, count in zip(dates, counts, strict=True)
        },
    )  # fmt: skip
    load(tmp_path, dates)
    build_facts(tmp_path, "fct_growth")
    (row,) = query(
        tmp_path,
        "select growth, monthly_rate, monthly_rate_fitted, doubling_months from marts.fct_growth "
        "where month = '2026-04-01' and growth_window = 'trailing_3' and unit_type = 'family' "
        "and unit = 'Qwen' and scope = 'all' and attribution = 'root' and metric = 'downloads'",
    )
    rate = 2 ** (1 / 3) - 1
    assert row == (
        1,
        pytest.approx(rate),
        pytest.approx(rate, rel=1e-5),
        pytest.approx(3, rel=1e-5),
    )


def test_d18_crossovers_of_flow_first_and_for_good(home: Path) -> None:
    """Qwen passed Meta for two months of 2024 by the window, for good in April 2025."""
    rows = query(
        home,
        "select metric, first_ahead, was_ahead_before, sustained_from, ahead_since, stretches "
        "from marts.fct_crossovers where unit = 'Qwen' and other_unit = 'Llama' "
        "and unit_type = 'family' and scope = 'text_vlm' and attribution = 'publisher' "
        "and metric in ('downloads', 'downloads_window') order by 1",
    )
    april = dt.date(2025, 4, 1)
    assert rows == [
        ("downloads", april, False, april, april, 1),
        ("downloads_window", dt.date(2024, 10, 1), True, april, april, 2),
    ]
    other_way = query(
        home,
        "select first_ahead, was_ahead_before, sustained_from, ahead_since, months_ahead "
        "from marts.fct_crossovers where unit = 'Llama' and other_unit = 'Qwen' "
        "and unit_type = 'family' and scope = 'text_vlm' and attribution = 'publisher' "
        "and metric = 'downloads_window'",
    )
    assert other_way == [(dt.date(2024, 12, 1), False, dt.date(2024, 12, 1), None, 4)]


def test_d13_the_lasting_break_is_of_may_or_june_2025(home: Path) -> None:
    rows = query(
        home,
        "select penalty, month, direction, is_persistent, near_release "
        "from marts.fct_change_points where unit = 'Qwen' and unit_type = 'family' "
        "and scope = 'text_vlm' and attribution = 'publisher' and basis = 'window' order by 1, 2",
    )
    # The same series as T10 but for the months of counters, which here are windows as well.
    assert [(penalty, f"{month:%Y-%m}") for penalty, month, *_ in rows] == [
        (1, "2024-12"), (1, "2025-04"), (1, "2025-06"), (1, "2025-11"),
        (2, "2024-12"), (2, "2025-05"), (2, "2025-11"),
        (3, "2024-12"), (3, "2025-05"), (3, "2025-11"),
        (5, "2024-12"), (5, "2025-06"),
        (10, "2025-06"),
    ]  # fmt: skip
    assert {f"{month:%Y-%m}" for _, month, _, persistent, _ in rows if persistent} == {
        "2025-05",
        "2025-06",
    }
    assert {direction for _, month, direction, *_ in rows if f"{month:%Y-%m}" == "2024-12"} == {
        "down"
    }
    assert {(f"{month:%Y-%m}", near) for _, month, _, _, near in rows} >= {
        ("2025-05", "Qwen3"),
        ("2025-06", "Qwen3"),
    }


def verdict(home: Path, claim_id: str) -> tuple[Any, ...]:
    """A claim's verdict, the scopes that agree and disagree, and what it is at odds with."""
    (row,) = query(
        home,
        "select any_value(verdict), count(*) filter (where is_stated and outcome = 'agrees'), "
        "count(*) filter (where is_stated and outcome = 'disagrees'), any_value(inconsistent_with) "
        "from marts.fct_claims where claim_id = ?",
        claim_id,
    )
    return row


def test_d22_december_beyond_the_next_eight_holds_for_every_set(home: Path) -> None:
    supported, agreeing, disagreeing, _ = verdict(home, "C013")
    assert (supported, disagreeing) == ("supported", 0)
    assert agreeing > 0
    readings = query(
        home,
        "select reading, measured from marts.fct_claims where claim_id = 'C013' "
        "and scope = 'text_vlm' and reading in "
        "('company over xinhua8', 'company over next_8_labs', 'publisher over next_8') order by 1",
    )
    assert readings == [
        ("company over next_8_labs", pytest.approx(1.30, abs=0.005)),
        ("company over xinhua8", pytest.approx(1.66, abs=0.005)),
        ("publisher over next_8", pytest.approx(1.13, abs=0.005)),
    ]


def test_d22_more_than_double_depends_on_the_set_and_contradicts_its_own_chart(home: Path) -> None:
    depends, *_, at_odds = verdict(home, "C017")
    assert (depends, at_odds) == ("scope-dependent", "C203")
    outcomes = query(
        home,
        "select reading, outcome from marts.fct_claims where claim_id = 'C017' "
        "and scope = 'text_vlm' and reading in "
        "('company over xinhua8', 'company over next_8_labs', 'publisher over next_8') order by 1",
    )
    assert outcomes == [
        ("company over next_8_labs", "agrees"),
        ("company over xinhua8", "agrees"),
        ("publisher over next_8", "disagrees"),
    ]
    pairs = query(
        home,
        "select is_same_document, claimed, other_claimed, is_consistent from marts.fct_claim_pairs "
        "where claim_id = 'C017' and other_claim_id = 'C203'",
    )
    assert pairs == [(True, 2.0, 2.0, False)]


def test_d22_a_month_is_supported_and_a_chart_of_it_contradicted(home: Path) -> None:
    assert verdict(home, "C016")[0] == "supported"
    assert verdict(home, "C019")[0] == "contradicted"
    assert verdict(home, "C142")[:2] == ("supported", 1)


def test_d22_a_list_as_denominator_explains_54_against_30_percent(home: Path) -> None:
    assert verdict(home, "C152")[0] == "supported"
    (row,) = query(
        home,
        "select verdict, measured, reading from marts.fct_claims "
        "where claim_id = 'C153' and is_nearest",
    )
    assert row == (
        "supported",
        pytest.approx(0.508, abs=5e-4),
        "over the accounts of the seed publishers",
    )


def test_d22_an_inflection_before_the_record_is_not_refuted(home: Path) -> None:
    (row,) = query(
        home,
        "select verdict, reason from marts.fct_claims where claim_id = 'C021' and is_nearest",
    )
    assert row == (
        "not-testable",
        "shares are recorded only after the month claimed; "
        "the first lasting rise since: 2025-06 to 2025-06",
    )


def test_t14_and_claims_that_only_claims_can_judge(home: Path) -> None:
    """Launched on 17 November, ten million reported on 24 November: seven days."""
    (row,) = query(
        home,
        "select verdict, scope, measured, outcome from marts.fct_claims where claim_id = 'C010'",
    )
    assert row == ("supported", "claims", 7, "agrees")
    for claim_id in ("C009", "C015", "C037", "C118", "C198"):
        assert verdict(home, claim_id)[0] == "not-testable", claim_id


def test_forecasts_wait_for_their_date(home: Path) -> None:
    rows = query(
        home,
        "select distinct claim_id, verdict, reason from marts.fct_claims "
        "where kind = 'forecast' order by 1",
    )
    assert [(verdict, reason) for _, verdict, reason in rows] == [
        ("not-testable", "a forecast that resolves on 2026-11-30"),
        ("not-testable", "a forecast that resolves on 2028-05-31"),
    ]


def test_t16_600_and_700_million_imply_too_slow_a_rate(home: Path) -> None:
    (row,) = query(
        home,
        "select days, implied_rate, observed_rate, ratio, is_consistent "
        "from marts.fct_claim_pairs where claim_id = 'C011' and other_claim_id = 'C012'",
    )
    assert row == (
        49,
        pytest.approx(2.04e6, abs=5e3),
        pytest.approx(3.49e6, abs=5e3),
        pytest.approx(0.58, abs=0.005),
        False,
    )
    contradicted, *_, at_odds = verdict(home, "C011")
    assert contradicted == "contradicted"
    assert "C012" in at_odds


def test_t17_180_000_derivatives_do_not_fit_151_448(home: Path) -> None:
    claimed = dict(
        query(
            home,
            "select claim_id, claimed from marts.fct_claims "
            "where claim_id in ('C057', 'C061', 'C106')",
        )
    )
    # At 180 to 210 new ones a day, as the later source says, there were fewer on 1 January.
    days = (dt.date(2026, 8, 1) - dt.date(2026, 1, 1)).days
    assert days == 212
    assert claimed["C057"] - days * 210 == pytest.approx(107_000, abs=500)
    assert claimed["C057"] - days * 180 == pytest.approx(113_000, abs=500)
    assert claimed["C106"] == 180_000
    assert 180 < claimed["C061"] < 210
    (row,) = query(
        home,
        "select implied_rate < 0, is_consistent from marts.fct_claim_pairs "
        "where claim_id = 'C106' and other_claim_id = 'C057'",
    )
    assert row == (True, False)
    # A rate that another claim reports stands in for an observed one.
    (row,) = query(
        home,
        "select observed_in, observed_rate, is_consistent from marts.fct_claim_pairs "
        "where claim_id = 'C078' and other_claim_id = 'C106'",
    )
    assert row == ("claim C061", 195, False)


def test_every_claim_has_one_verdict_and_at_most_one_nearest_row(home: Path) -> None:
    rows = query(
        home,
        "select claim_id, count(distinct verdict), count(distinct reason), "
        "count(*) filter (where is_nearest), bool_or(scope <> 'none') "
        "from marts.fct_claims group by claim_id",
    )
    claims = query(home, "select count(*) from reference.reported_claims")
    assert [(len(rows),)] == claims
    assert all(row[1:3] == (1, 1) and row[3] == row[4] for row in rows)


def test_a_break_before_a_month_that_is_not_known_is_found(home: Path) -> None:
    rows = query(
        home,
        "select month, direction, months_before, months_after "
        "from marts.fct_change_points where unit = 'OLMo' and unit_type = 'family' "
        "and scope = 'text_vlm' and attribution = 'publisher' and basis = 'window' "
        "and penalty = 10 and month < '2025-08-01'",
    )
    assert rows == [(dt.date(2025, 3, 1), "up", 5, 5)]
