"""Monthly flow: METHOD vectors T1 to T5 and traps, through real captures and dbt."""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.helpers import Item, build_facts, hub_id, item, load, marts, query, record

JAN, FEB, MAR = (dt.date(2026, month, 1) for month in (1, 2, 3))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def steady(number: int, models: int) -> list[Item]:
    """Models that never fall, so that what one model does is no fault of the night."""
    return [item(f"z/{n}", 10, downloadsAllTime=1000 * n + number) for n in range(models)]


FLOW = (
    "fct_model_downloads_monthly", "fct_model_spikes", "fct_model_corrections",
    "fct_family_share_daily", "fct_family_share_monthly",
)  # fmt: skip


def computed(home: Path, captures: Mapping[dt.date, Sequence[Item]]) -> Path:
    record(home, captures)
    load(home, sorted(captures))
    build_facts(home, *FLOW)
    return home


def flow(
    home: Path, repo_id: str, month: dt.date, basis: str = "counter", variant: str = "raw"
) -> float | None:
    rows = query(
        home,
        "select downloads from marts.fct_model_downloads_monthly "
        "where hub_id = ? and month = ? and basis = ? and variant = ?",
        hub_id(repo_id),
        month,
        basis,
        variant,
    )
    return rows[0][0] if rows else None


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def night(t1: int, more: Sequence[Item] = (), **of_t1: object) -> list[Item]:
        return [item("x/t1", 300, downloadsAllTime=t1), *more]

    born = {"createdAt": "2026-01-30T12:00:00.000Z"}
    old = {"createdAt": "2024-01-30T12:00:00.000Z"}
    null = item("x/null", 5, downloadsAllTime=None)
    return computed(
        tmp_path_factory.mktemp("plain"),
        {
            JAN: night(100, [null, item("x/short", 1, downloadsAllTime=7)]),
            day("01-28"): night(100, [null, item("x/short", 2, downloadsAllTime=7)]),
            day("02-04"): night(
                170,
                [
                    item("x/born", 9, downloadsAllTime=50, **born),
                    item("x/old", 9, downloadsAllTime=5000, **old),
                    item("x/null", 5, downloadsAllTime=9000),
                    item("x/short", 1, downloadsAllTime=7),
                ],
            ),
            MAR: night(
                170,
                [
                    item("x/born", 9, downloadsAllTime=75, **born),
                    item("x/old", 9, downloadsAllTime=5250, **old),
                    item("x/null", 5, downloadsAllTime=9025),
                    item("x/short", 1, downloadsAllTime=7),
                ],
            ),
        },
    )


def test_t1_interpolation_at_the_month_boundary(plain: Path) -> None:
    assert (flow(plain, "x/t1", JAN), flow(plain, "x/t1", FEB)) == (40, 30)


def test_t2_window_of_a_short_month_is_a_basis_of_its_own(plain: Path) -> None:
    assert flow(plain, "x/t1", FEB, "window") == 280
    assert flow(plain, "x/t1", day("03-01")) is None


def test_a_model_created_in_between_begins_at_nothing(plain: Path) -> None:
    # 50 in the five days from its creation on 30 January, two of them in January.
    assert flow(plain, "x/born", JAN) == 20
    assert flow(plain, "x/born", FEB) == 30 + 25


def test_the_past_of_a_model_first_seen_late_is_no_flow(plain: Path) -> None:
    assert flow(plain, "x/old", JAN) is None
    assert flow(plain, "x/old", FEB) == 250


def test_a_count_that_was_null_is_not_zero(plain: Path) -> None:
    assert flow(plain, "x/null", JAN) is None
    assert flow(plain, "x/null", FEB) == 25


def test_a_model_without_downloads_has_no_row(plain: Path) -> None:
    assert flow(plain, "x/short", FEB) is None


def test_only_whole_months_are_published(plain: Path) -> None:
    months = query(
        plain,
        "select distinct month from marts.fct_model_downloads_monthly "
        "where basis = 'counter' order by 1",
    )
    assert months == [(JAN,), (FEB,)]


def test_confidence_is_the_share_of_days_with_a_daily_step(tmp_path: Path) -> None:
    dates = [JAN + dt.timedelta(days=n) for n in range(32) if n not in (9, 20)]
    home = computed(tmp_path, {d: [item("x/a", 5, downloadsAllTime=d.toordinal())] for d in dates})
    assert query(
        home,
        "select distinct confidence from marts.fct_model_downloads_monthly where basis = 'counter'",
    ) == [(27 / 31,)]
    daily = query(
        home,
        "select distinct date, confidence from marts.fct_family_share_daily "
        "where basis = 'counter' and confidence = 0 order by 1",
    )
    assert [date for date, _ in daily] == [JAN + dt.timedelta(days=n) for n in (8, 9, 19, 20)]
    assert flow(home, "x/a", JAN) == 31


def test_t3_rollback_of_the_hub_is_counted_once(tmp_path: Path) -> None:
    counts = [1000, 1100, 900, 950, 1150, 1150]
    dates = [*(JAN + dt.timedelta(days=n) for n in range(5)), FEB]
    home = computed(
        tmp_path,
        {
            date: [item(f"x/{n}", 5 + place, downloadsAllTime=count) for n in range(20)]
            for place, (date, count) in enumerate(zip(dates, counts, strict=True))
        },
    )
    assert flow(home, "x/0", JAN) == 150


def test_falls_of_one_model_t3_made_up_for_t4_lasting(tmp_path: Path) -> None:
    recovering = [1000, 1100, 900, 950, 1150, *[1150] * 10]
    lasting = [1000, 1100, 400, 450, 500, *[500] * 10]
    dates = [*(JAN + dt.timedelta(days=n) for n in range(14)), FEB]
    home = computed(
        tmp_path,
        {
            date: [
                item("x/recovering", 5, downloadsAllTime=recovering[n]),
                item("x/lasting", 5, downloadsAllTime=lasting[n]),
                *steady((date - JAN).days, 50),
            ]
            for n, date in enumerate(dates)
        },
    )
    assert query(home, "select count(*) from raw.quality_events where kind = 'rolled_back'") == [
        (0,)
    ]
    assert flow(home, "x/recovering", JAN) == 150
    assert flow(home, "x/lasting", JAN) == 200
    assert query(
        home, "select month, hub_id, from_on, to_on, downloads from marts.fct_model_corrections"
    ) == [(JAN, hub_id("x/lasting"), day("01-02"), day("01-03"), -700)]


def test_a_fall_is_no_correction_before_eight_captures_have_passed(tmp_path: Path) -> None:
    counts = [1000, 1100, 400, *[450] * 6]
    dates = [JAN, *(FEB - dt.timedelta(days=7 - n) for n in range(8))]
    home = computed(
        tmp_path,
        {
            date: [item("x/falls", 5, downloadsAllTime=count), *steady((date - JAN).days, 50)]
            for date, count in zip(dates, counts, strict=True)
        },
    )
    assert query(home, "from marts.fct_model_corrections") == []


def test_t5_a_stall_is_spread_over_its_days(tmp_path: Path) -> None:
    counts = {JAN: 0, day("01-30"): 100, day("01-31"): 110, FEB: 110, day("02-02"): 130, MAR: 157}
    home = computed(
        tmp_path,
        {
            date: [item(f"x/{n}", 100_000 + place, downloadsAllTime=count) for n in range(12)]
            for place, (date, count) in enumerate(counts.items())
        },
    )
    assert query(home, "select distinct date from raw.quality_events where kind = 'stalled'")
    assert (flow(home, "x/0", JAN), flow(home, "x/0", FEB)) == (100 + 10 + 10, 10 + 27)


def test_a_gap_is_spread_and_each_day_counts_for_its_publisher(tmp_path: Path) -> None:
    """No capture until 1 March; on 11 January the account becomes the family's own."""

    def night(owner: str, count: int) -> list[Item]:
        return [item(f"{owner}/Qwen3-8B", 5, _id=hub_id("m"), downloadsAllTime=count)]

    home = computed(
        tmp_path,
        {JAN: night("someone", 0), day("01-11"): night("Qwen", 100), MAR: night("Qwen", 590)},
    )
    assert (flow(home, "m", JAN), flow(home, "m", FEB)) == (310, 280)
    shares = query(
        home,
        "select family, downloads, reach_multiplier from marts.fct_family_share_monthly "
        "where month = ? and basis = 'counter' and variant = 'raw' and scope = 'all' "
        "and attribution = 'publisher' and downloads > 0 order by 1",
        JAN,
    )
    assert shares == [("Qwen", 210, pytest.approx(310 / 210)), ("other", 100, None)]
    days = query(
        home,
        "select date, family, downloads from marts.fct_family_share_daily "
        "where date in (?, ?) and basis = 'counter' and variant = 'raw' and scope = 'all' "
        "and attribution = 'publisher' and downloads > 0 order by 1",
        day("01-05"), day("01-20"),
    )  # fmt: skip
    assert days == [(day("01-05"), "other", 10), (day("01-20"), "Qwen", 10)]


def test_launches_between_any_captures_count_from_0(tmp_path: Path) -> None:
    """Of two that were created on different days, and of one whose past nobody saw."""
    created = {"x/first": "2026-01-03", "x/second": "2026-01-08", "x/old": "2025-06-01"}
    seen = {"x/first": 1, "x/second": 2, "x/old": 2}
    home = computed(
        tmp_path,
        {
            date: [
                *(
                    item(name, 5, createdAt=f"{on}T10:00:00.000Z", downloadsAllTime=40 + 10 * n)
                    for name, on in created.items()
                    if n >= seen[name]
                ),
                *steady((date - JAN).days, 50),
            ]
            for n, date in enumerate((JAN, day("01-06"), day("01-11"), FEB))
        },
    )
    assert [flow(home, name, JAN) for name in created] == [70, 70, 10]


def test_a_model_listed_on_its_first_day_is_one_model_of_that_day(tmp_path: Path) -> None:
    """It has two flows on it: what it had when listed, and what came until the next night."""
    dates = [JAN + dt.timedelta(days=n) for n in range(16)]
    born = f"{dates[1]}T01:00:00.000Z"
    home = computed(
        tmp_path,
        {
            date: [
                *steady(n, 50),
                item("y/new", 5, downloadsAllTime=50 + 70 * (n - 1), createdAt=born),
                # Thirteen days before the fourteenth day are too few to tell a spike.
                item(
                    "y/big", 5, createdAt=born,
                    downloadsAllTime=10 * n + (10**6 if n == 15 else 0),
                ),
            ][: None if n else 50]
            for n, date in enumerate(dates)
        },
    )  # fmt: skip
    counted = query(
        home,
        "select date, sum(models) from marts.fct_family_share_daily where basis = 'counter' "
        "and variant = 'raw' and scope = 'all' and attribution = 'publisher' group by 1 order by 1",
    )
    # Of fifty models each moves by 1 a night, and y/big, y/new as well from their first day on.
    assert counted == [(date, 50 if date == dates[0] else 52) for date in dates[:-1]]
    assert query(home, "select count(*) from intermediate.int_flow_spikes") == [(0,)]


def test_bounds_hold_whatever_happened_between_the_captures(tmp_path: Path) -> None:
    """Captures a week apart do not tell on which side of the month's end a flow lies."""
    counts = {JAN: 0, day("01-05"): 40, day("01-28"): 100, day("02-04"): 170, MAR: 195}
    home = computed(
        tmp_path, {date: [item("x/a", 9, downloadsAllTime=n)] for date, n in counts.items()}
    )
    assert query(
        home,
        "select month, downloads_low, downloads, downloads_high "
        "from marts.fct_model_downloads_monthly where basis = 'counter' and variant = 'raw' "
        "order by 1",
    ) == [(JAN, 100, 140, 170), (FEB, 25, 55, 95)]


def spiking(models: int, spikes: int) -> dict[dt.date, list[Item]]:
    """Two months of daily captures; some models have thirty times their downloads on 20 February.

    Usual are 2,000 and 2,100 in turn, so that the median is 2,050 and the deviation 50.
    """
    captures = {}
    counts = [0] * models
    for date in (JAN + dt.timedelta(days=n) for n in range(60)):
        captures[date] = [
            item(f"Qwen/Qwen3-{n}" if n == 0 else f"x/{n}", 60_000 + (date - JAN).days,
                 downloadsAllTime=count)
            for n, count in enumerate(counts)
        ]  # fmt: skip
        for n in range(models):
            usual = 2000 + 100 * ((date - JAN).days % 2)
            counts[n] += 30 * usual if n < spikes and date == day("02-20") else usual
    return captures


def test_trap_12_a_narrow_spike_is_kept_raw_and_capped_robust(tmp_path: Path) -> None:
    home = computed(tmp_path, spiking(models=30, spikes=1))
    qwen = hub_id("Qwen/Qwen3-0")
    usual = 28 * 2050
    assert query(home, "from marts.fct_model_spikes") == [
        (FEB, qwen, day("02-20"), day("02-21"), "narrow", 60_000, 6150, 60_000, 2050,
         pytest.approx((60_000 - 2050) / (1.4826 * 50)))
    ]  # fmt: skip
    assert flow(home, "Qwen/Qwen3-0", FEB) == usual + 29 * 2000
    assert flow(home, "Qwen/Qwen3-0", FEB, variant="robust") == usual - 2000 + 6150
    assert flow(home, "x/1", FEB, variant="robust") == flow(home, "x/1", FEB) == usual
    assert query(
        home,
        "select distinct downloads_low, downloads_high from marts.fct_model_downloads_monthly "
        "where hub_id = ? and month = ? and basis = 'counter'",
        qwen, FEB,
    ) == [(usual - 2000 + 6150, usual + 29 * 2000)]  # fmt: skip
    on_the_day = query(
        home,
        "select basis, variant, downloads, scope_downloads, share "
        "from marts.fct_family_share_daily "
        "where date = ? and family = 'Qwen' and scope = 'all' and attribution = 'root' "
        "and basis = 'counter' order by 1, 2",
        day("02-20"),
    )
    assert on_the_day == [
        ("counter", "raw", 60_000, 60_000 + 29 * 2000, 60 / 118),
        ("counter", "robust", 6150, 6150 + 29 * 2000, 6150 / 64150),
    ]


@pytest.mark.long
def test_a_later_night_judges_a_spike_by_all_the_days_before_it(tmp_path: Path) -> None:
    """Also by what ended long before; of one model little happened but for its newest count."""

    def flows(low: int, high: int, spike: int, after: int) -> list[int]:
        return [*[low] * 8, *[high] * 10, *[low] * 10, spike, *[after] * 30]

    counts = {
        name: [sum(of[:n]) for n in range(len(of) + 1)]
        for name, of in {
            "x/busy": flows(2000, 8000, 50_000, 2000),
            "x/quiet": flows(10, 40, 3000, 0),
        }.items()
    }
    captures = {
        FEB + dt.timedelta(days=n): [
            *(item(name, 9, downloadsAllTime=of[n]) for name, of in counts.items()),
            *steady(n, 20),
        ]
        for n in range(60)
    }
    home = computed(tmp_path, dict(list(captures.items())[:-1]))
    record(home, captures)
    load(home, [max(captures)])
    build_facts(home, *FLOW)
    assert query(
        home,
        "select from_on, downloads, downloads_robust, median_a_day from marts.fct_model_spikes "
        "order by downloads",
    ) == [(MAR, 3000, 30, 10), (MAR, 50_000, 6000, 2000)]
    assert flow(home, "x/quiet", MAR, variant="robust") == 30
    assert flow(home, "x/busy", MAR, variant="robust") == 6000 + 30 * 2000


def test_trap_12_a_spike_of_many_is_broad_and_stays(tmp_path: Path) -> None:
    home = computed(tmp_path, spiking(models=30, spikes=3))
    assert query(home, "select kind, count(*) from marts.fct_model_spikes group by 1") == [
        ("broad", 3)
    ]
    assert query(
        home,
        "select count(*) from marts.fct_model_downloads_monthly as raw "
        "join marts.fct_model_downloads_monthly as robust using (month, hub_id, basis) "
        "where raw.variant = 'raw' and robust.variant = 'robust' "
        "and raw.downloads <> robust.downloads",
    ) == [(0,)]


def test_a_launch_is_no_spike_of_a_model_without_a_past(tmp_path: Path) -> None:
    counts = {n: 200_000 * min(n - 4, 3) + 3000 * max(n - 7, 0) for n in range(5, 33)}
    home = computed(
        tmp_path,
        {
            JAN + dt.timedelta(days=n): [item("x/a", 60_000 + n, downloadsAllTime=count)]
            for n, count in counts.items()
        },
    )
    assert query(home, "from marts.fct_model_spikes") == []


def test_days_add_up_to_their_month(tmp_path: Path) -> None:
    """A capture on each first of a month: the sum of its days is the month, in every variant."""
    home = computed(tmp_path, spiking(models=30, spikes=1))
    assert query(
        home,
        """
        with days as (
            select date_trunc('month', date)::date as month, scope, attribution, basis, variant,
                family, sum(downloads) as downloads, sum(scope_downloads) as scope_downloads
            from marts.fct_family_share_daily where basis = 'counter' group by all
        )
        select count(*) filter (
            where abs(days.downloads - months.downloads) > 1e-3
            or abs(days.scope_downloads - months.scope_downloads) > 1e-3
        ), count(*) > 0
        from days
        join marts.fct_family_share_monthly as months
        using (month, scope, attribution, basis, variant, family)
        """,
    ) == [(0, True)]


def test_days_between_captures_that_count_no_more_are_forgotten(tmp_path: Path) -> None:
    """A late capture with twice the models shows that the other two were partial."""
    captures = {
        JAN: [item(f"x/{n}", 9, downloadsAllTime=90) for n in range(20)],
        day("01-04"): [item(f"x/{n}", 9, downloadsAllTime=100) for n in range(10)],
        day("01-07"): [item(f"x/{n}", 9, downloadsAllTime=130) for n in range(10)],
    }
    record(tmp_path, captures)
    days = "select count(distinct date) from marts.fct_family_share_daily where basis = 'counter'"
    for late, expected in ((False, 3), (True, 0)):
        load(tmp_path, [JAN] if late else [day("01-04"), day("01-07")])
        build_facts(tmp_path, "fct_family_share_daily")
        assert query(tmp_path, days) == [(expected,)]


@pytest.mark.long
def test_month_by_month_equals_at_once_and_late_captures_renew_their_months(tmp_path: Path) -> None:
    captures = {
        JAN + dt.timedelta(days=9 * n): [
            item("Qwen/Qwen3", 5 + n, downloadsAllTime=1000 + 90 * n),
            item(f"user/{n % 3}", 5, ["Qwen/Qwen3"], downloadsAllTime=10 * n),
        ]
        for n in range(12)
    }
    dates = sorted(captures)
    found = {}
    for name, order in {
        "at once": [dates],
        # The last ones reach back nine captures, and no further.
        "one by one": [dates[:9], *([date] for date in dates[9:])],
        "late": [dates[6:], dates[:3], dates[3:6]],
    }.items():
        home = tmp_path / name
        record(home, captures)
        for some in order:
            load(home, some)
            build_facts(home)
        found[name] = marts(home)
    assert found["one by one"] == found["at once"]
    assert found["late"] == found["at once"]
    assert len(found["at once"]["fct_family_share_monthly"]) > 0


@pytest.mark.long
def test_who_comes_back_with_less_begins_anew_or_falls_once(tmp_path: Path) -> None:
    """One away for long, and one for two captures, whose fall is made up for too late."""

    def long_away(date: dt.date) -> int | None:
        if JAN < date < day("03-15"):
            return None
        of_march = {15: 900, 16: 950, 17: 1000}.get(date.day, 1100)
        return 1000 if date == JAN else of_march if date.month == 3 else 1100

    def short_away(date: dt.date) -> int | None:
        if day("03-01") < date < day("03-04"):
            return None
        return 1000 if date <= day("03-01") else 900 if date < day("03-12") else 1150

    captures = {
        date: [
            *steady(number, 40),
            *(
                item(name, 10, downloadsAllTime=count)
                for name, count in (("x/long", long_away(date)), ("x/short", short_away(date)))
                if count is not None
            ),
        ]
        for number, date in enumerate(JAN + dt.timedelta(days=n) for n in range(91))
    }
    record(tmp_path, captures)
    months = ("fct_model_downloads_monthly", "fct_model_corrections", "fct_family_share_monthly")
    dates = sorted(captures)
    for part in (dates[:70], dates[70:]):
        load(tmp_path, part)
        build_facts(tmp_path, *months)
    assert flow(tmp_path, "x/long", MAR) == 200
    assert flow(tmp_path, "x/short", MAR) == 250
    assert query(tmp_path, "select hub_id, downloads from marts.fct_model_corrections") == [
        (hub_id("x/short"), -100)
    ]
    nightly = marts(tmp_path)
    at_once = tmp_path / "at-once"
    record(at_once, captures)
    load(at_once, dates)
    build_facts(at_once, *months)
    assert {name: marts(at_once)[name] for name in months} == {
        name: nightly[name] for name in months
    }


@pytest.mark.long
def test_a_spike_of_a_young_model_is_judged_from_its_creation_on(tmp_path: Path) -> None:
    """Fourteen days are known before it, the first of them from nothing to its first sighting.

    Another one tells a creation weeks after its first sighting: what it had is no flow.
    """
    born, spiked = day("01-20"), day("02-03")
    captures = {
        date: [
            *steady(number, 50),
            item(
                "x/odd", 5, createdAt=f"{day('02-05')}T10:00:00.000Z",
                downloadsAllTime=100 + 10 * number,
            ),
            item(
                "x/new", 5, createdAt=f"{born}T10:00:00.000Z",
                downloadsAllTime=10 * (date - born).days + (3000 if date > spiked else 0),
            ),
        ][: None if date > born else 51]
        for number, date in enumerate(JAN + dt.timedelta(days=n) for n in range(60))
    }  # fmt: skip
    record(tmp_path, captures)
    dates = sorted(captures)
    # February is computed when it is whole; its first day is twelve days after the creation.
    for part in (dates[:45], dates[45:]):
        load(tmp_path, part)
        build_facts(tmp_path, *FLOW)
    spikes = "select from_on, downloads, downloads_robust from marts.fct_model_spikes"
    assert query(tmp_path, spikes) == [(spiked, 3010, 30)]
    assert flow(tmp_path, "x/new", FEB, variant="robust") == 30 + 27 * 10
    assert flow(tmp_path, "x/odd", FEB) == 28 * 10


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_what_came_before_a_month_is_followed_as_far_as_it_decides(
    tmp_path: Path, seed: int
) -> None:
    """Models begin, fall, recover or not, vanish, return, lose their counts at months' bounds."""
    rng = random.Random(seed)
    dates = [date for date in (JAN + dt.timedelta(days=n) for n in range(72)) if rng.random() < 0.9]
    counts = {f"x/{n}": erratic(rng, len(dates)) for n in range(160)}
    created = {
        name: next(
            (
                date - dt.timedelta(days=rng.choice([0, 0, 1, 400]))
                for date, count in zip(dates, seen, strict=True)
                if count != "away"
            ),
            JAN,
        )
        for name, seen in counts.items()
    }
    captures = {
        date: [
            *steady(number, 1200),
            *(
                item(name, 10, downloadsAllTime=count, createdAt=f"{created[name]}T05:00:00.000Z")
                for name, seen in counts.items()
                for count in [seen[number]]
                if count != "away"
            ),
        ]
        for number, date in enumerate(dates)
    }
    found = []
    for name, parts in {
        "at once": [dates],
        # From the last ones on, February and March are computed again.
        "in parts": [dates[:48], dates[48:55], dates[55:]],
    }.items():
        record(tmp_path / name, captures)
        for part in parts:
            load(tmp_path / name, part)
            build_facts(tmp_path / name, *FLOW)
        found.append({mart: marts(tmp_path / name)[mart] for mart in FLOW})
    assert found[0] == found[1]
    assert query(tmp_path / "at once", "select distinct verdict from raw.captures") == [
        ("admitted",)
    ]
    (corrections,) = query(tmp_path / "at once", "select count(*) from marts.fct_model_corrections")
    assert corrections[0] > 20


def erratic(rng: random.Random, captures: int) -> list[int | str | None]:
    """A model's counts by capture: ``away`` where it is not listed, None where it has none."""
    seen: list[int | str | None] = ["away"] * rng.choice([0, rng.randrange(60)])
    count, most = rng.choice([(0, 7), (50, 7), (1000, 30), (10**5, 3000)])
    while len(seen) < captures:
        length = rng.randrange(1, 14)
        match rng.choice(["grows", "grows", "rests", "rests", "fallen", "falls", "away", "null"]):
            case "grows":
                for _ in range(length):
                    count += rng.choice([1, 5, most])
                    seen.append(count)
            case "rests":
                seen += [count] * length
            case "fallen":
                # For a while: within or beyond the captures in which a fall is made up for.
                lower = int(count * rng.random())
                seen += [lower + n for n in range(length)]
                count = max(count, lower + length)
            case "falls":
                count = int(count * rng.random())
                seen.append(count)
            case "away":
                seen += ["away"] * length
                count += rng.choice([0, most])
            case "null":
                seen += [None] * rng.randrange(1, 4)
    return seen[:captures]
