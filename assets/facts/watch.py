"""What a person should see of a night's facts, and what in them calls for a person.

Belongs here: the tables, pictures and warnings of the Dagster UI, read from the marts. Does not
belong here: any number of its own (see `dbt_project`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from assets import charts
from assets.pictures import code, image, table

FAMILY = "Qwen"
"""The family whose share is plotted over time."""
FALL_A_NIGHT = 0.10
"""A rolling window of 30 days loses one of them a night, about 3 %; from here on it is news."""
FALL_FROM = 10_000
"""Downloads in 30 days below which a family moves by chance."""
TOP_PUBLISHERS = 100
NEW_DAYS = 30
_PICTURE_DAYS = 730
_PICTURE_LINES = 5
_PICTURE_POINTS = 120
_PLACES = 12


def figures(
    connection: duckdb.DuckDBPyConnection, dates: Sequence[dt.date]
) -> dict[dt.date, tuple[float, float, float]]:
    """Downloads of all models, and the family's share, first-party and ecosystem; by date."""
    rows = connection.execute(
        """
        select
            date,
            any_value(scope_downloads),
            max(share) filter (where attribution = 'publisher'),
            max(share) filter (where attribution = 'root')
        from marts.fct_family_share_daily
        where date in $dates and scope = 'all' and basis = 'window' and family = $family
        group by date having count(share) > 0
        """,
        {"dates": list(dates), "family": FAMILY},
    ).fetchall()
    return {date: (downloads, publisher, root) for date, downloads, publisher, root in rows}


def share_told(connection: duckdb.DuckDBPyConnection, date: dt.date) -> dict[str, str]:
    """The families' shares as of a date as a table, and over two years as a picture."""
    sample = sample_kind(connection)
    rows = connection.execute(_SHARES, {"date": date}).fetchall()
    if not rows:
        return {"headline": f"no facts of {date}: its capture does not count"}
    headline = table(
        ("family", "ecosystem", "first-party", "downloads", "change"),
        [
            (code(family), f"{root:.1%}", f"{publisher:.1%}", f"{downloads:,.0f}", _change(change))
            for family, root, publisher, downloads, change in rows
        ],
        sample,
    )
    series = _series(connection, _SHARE_SERIES, date, [row[0] for row in rows])
    told = [{**point, "value": share, "shown": f"{share:.1%}"} for point, share in _points(series)]
    picture = _picture(
        f"Share of the downloads of 30 days, ecosystem, up to {date}",
        charts.lines(told, charts.WIDE, ticks=".0%", hues=charts.colours(list(series))),
        sample,
    )
    return {"headline": f"{headline}\n\n{_MEANING}", "share_over_time": picture}


def rank_told(connection: duckdb.DuckDBPyConnection, date: dt.date) -> dict[str, str]:
    """The first models of a date as a table, and the families' ranks as a picture."""
    sample = sample_kind(connection)
    rows = connection.execute(_FIRST_MODELS, {"date": date}).fetchall()
    if not rows:
        return {"headline": f"no ranks of {date}: its capture does not count"}
    headline = table(
        ("model", "rank", "places won", "downloads of 30 days"),
        [
            (code(name), f"{rank:,}", "-" if change is None else f"{change:+d}", f"{value:,.0f}")
            for name, rank, change, value in rows
        ],
        sample,
    )
    families = connection.execute(_FIRST_FAMILIES, {"date": date}).fetchall()
    series = _series(connection, _RANK_SERIES, date, [row[0] for row in families])
    if not series:
        return {"headline": headline}
    told = [{**point, "rank": rank if rank <= _PLACES else None} for point, rank in _points(series)]
    picture = _picture(
        f"Ranks of families by downloads of 30 days, ecosystem, up to {date}",
        charts.ranks(told, charts.WIDE, charts.colours(list(series)), _PLACES),
        sample,
    )
    return {"headline": headline, "ranks_over_time": picture}


def _points(series: dict[str, list[tuple[dt.date, float]]]) -> Iterator[tuple[dict, float]]:
    """The points of all lines as charts take them, each with its value."""
    for name, points in series.items():
        for date, value in points:
            yield {"month": date.isoformat(), "name": name, "label": ""}, value


def _picture(title: str, chart: charts.Spec, sample: str | None) -> str:
    below = ["SAMPLE DATA: says nothing about the real Hub."] if sample else []
    return image(title, charts.plain(charts.draw(charts.titled(chart, [title], below))))


@dataclass(frozen=True)
class Fall:
    """A family that lost more downloads between two captures than a window of 30 days can."""

    family: str
    attribution: str
    before: float
    now: float
    since: dt.date


def falls(connection: duckdb.DuckDBPyConnection) -> list[Fall]:
    """Families whose downloads fell unexpectedly, at the newest capture that counts."""
    rows = connection.execute(_FALLS, {"a_night": FALL_A_NIGHT, "at_least": FALL_FROM}).fetchall()
    return [Fall(*row) for row in rows]


@dataclass(frozen=True)
class Unmapped:
    """A publisher among the first whom the seed `publishers` does not know."""

    publisher: str
    rank: int
    downloads: float
    since: dt.date

    def is_new(self, date: dt.date) -> bool:
        """Whether it came among the first lately, so that nobody may have looked at it yet."""
        return (date - self.since).days < NEW_DAYS


def unmapped_publishers(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dt.date | None, list[Unmapped]]:
    """The newest date with ranks, and who of the first hundred is not mapped."""
    rows = connection.execute(_UNMAPPED, {"top": TOP_PUBLISHERS}).fetchall()
    date = connection.execute(
        "select max(period) from marts.fct_rank_history where grain = 'day'"
    ).fetchall()[0][0]
    return date, [Unmapped(*row) for row in rows]


def newest_admitted(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """The newest date that counts."""
    return connection.execute(
        "select max(date) from marts.meta_captures where verdict = 'admitted'"
    ).fetchall()[0][0]


def sample_kind(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What kind of sample data the facts rest on; None for observations."""
    rows = connection.execute(
        "select coalesce((select max(sample) from marts.meta_captures), "
        "(select max(sample) from marts.meta_arena_tables))"
    ).fetchall()
    return rows[0][0]


def _change(change: float | None) -> str:
    return "-" if change is None else f"{change:+.1%}"


def _series(
    connection: duckdb.DuckDBPyConnection, sql: str, date: dt.date, units: Sequence[str]
) -> dict[str, list[tuple[dt.date, float]]]:
    """A few lines over two years, thinned to what a picture can show; the last point stays."""
    first = date - dt.timedelta(days=_PICTURE_DAYS)
    units = units[:_PICTURE_LINES]
    rows = connection.execute(sql, {"date": date, "first": first, "units": units}).fetchall()
    lines: dict[str, list[tuple[dt.date, float]]] = {unit: [] for unit in units}
    for unit, on, value in rows:
        lines[unit].append((on, value))
    return {
        unit: points[-1 :: -max(1, -(-len(points) // _PICTURE_POINTS))][::-1]
        for unit, points in lines.items()
        if points
    }


_MEANING = (
    "Share of the downloads of the last 30 days of all models. Ecosystem: with derivatives "
    "(attribution root); first-party: the publisher's own. Change of the ecosystem's downloads "
    "since the capture before."
)

_SHARES = """
with dates as (
    select max(date) as before from marts.fct_family_share_daily
    where date < $date and scope = 'all' and basis = 'window'
),

shares as (
    select shares.* from marts.fct_family_share_daily as shares
    cross join dates
    where shares.date in ($date, dates.before) and scope = 'all' and basis = 'window'
        and variant = 'raw'
)

select
    now.family, now.share, own.share, now.downloads,
    now.downloads / nullif(was.downloads, 0) - 1
from shares as now
join shares as own on own.date = now.date and own.family = now.family
    and own.attribution = 'publisher'
left join shares as was on was.date < now.date and was.family = now.family
    and was.attribution = now.attribution
where now.date = $date and now.attribution = 'root' and now.share is not null
    and now.family not in ('other', 'unknown')
order by now.share desc, now.family
limit 10
"""

_SHARE_SERIES = """
select family, date, share from marts.fct_family_share_daily
where scope = 'all' and basis = 'window' and variant = 'raw' and attribution = 'root'
    and family in $units and date between $first and $date and share is not null
order by date
"""

_FIRST_MODELS = """
select unit_name, rank_min, rank_change, value from marts.fct_rank_history
where period = $date and grain = 'day' and unit_type = 'model' and scope = 'all'
    and metric = 'downloads_30d'
order by rank_ordinal
limit 10
"""

_FIRST_FAMILIES = """
select unit from marts.fct_rank_history
where period = $date and grain = 'day' and unit_type = 'family' and scope = 'all'
    and attribution = 'root' and metric = 'downloads_30d'
    and unit not in ('other', 'unknown')
order by rank_ordinal
"""

_RANK_SERIES = """
select unit, period, rank_min from marts.fct_rank_history
where grain = 'day' and unit_type = 'family' and scope = 'all' and attribution = 'root'
    and metric = 'downloads_30d' and unit in $units and period between $first and $date
order by period
"""

_FALLS = """
with days as (
    select date, row_number() over (order by date desc) as place
    from (
        select distinct date from marts.fct_family_share_daily
        where scope = 'all' and basis = 'window'
    )
),

shares as (
    select shares.*, days.place from marts.fct_family_share_daily as shares
    join days on shares.date = days.date
    where days.place <= 2 and scope = 'all' and basis = 'window' and variant = 'raw'
        and attribution in ('publisher', 'root') and family not in ('other', 'unknown')
)

select was.family, was.attribution, was.downloads, coalesce(now.downloads, 0), was.date
from shares as was
join days as newest on newest.place = 1
left join shares as now on now.place = 1 and now.family = was.family
    and now.attribution = was.attribution
where was.place = 2 and was.downloads >= $at_least
    and coalesce(now.downloads, 0)
        < was.downloads * pow(1 - $a_night, date_diff('day', was.date, newest.date))
order by was.downloads - coalesce(now.downloads, 0) desc, was.family, was.attribution
"""

_UNMAPPED = """
with ranks as (
    select period, unit, rank_min, value from marts.fct_rank_history
    where grain = 'day' and unit_type = 'publisher' and scope = 'all'
        and metric = 'downloads_30d' and rank_min <= $top
),

first_seen as (
    select unit, min(period) as since from ranks group by unit
)

select ranks.unit, ranks.rank_min, ranks.value, first_seen.since
from ranks
join first_seen on ranks.unit = first_seen.unit
join marts.dim_publisher as publishers on ranks.unit = publishers.publisher
where ranks.period = (select max(period) from ranks) and publishers.company is null
order by ranks.rank_min, ranks.unit
"""
