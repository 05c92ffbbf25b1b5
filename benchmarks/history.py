"""One night on a warehouse with few dates before it, and on one with many.

Belongs here: making a warehouse older than it is, and timing the next night on it. Does not belong
here: captures of a made-up Hub (see `benchmarks.generate`).

The history is written into the ledger's tables as loads would have left it: each model that is
downloaded changes its counts as often as its rate says, cards and scores change as many a day as
those of the made-up Hub, tasks twice as many. Nobody comes or goes, nor changes parents or name.
Marts hold one date's rows, and one month's, again and again.
"""

import datetime as dt
import os
import shutil
from pathlib import Path

import duckdb

from assets.ledger.warehouse import connect
from benchmarks.facts import NOTHING
from benchmarks.measure import Figures, Measured, child, tell
from benchmarks.population import EDITED_A_DAY, LIKED_A_DAY, NOMINAL_MODELS, TRENDING_A_DAY
from benchmarks.site import SECOND, Night, Site, hard_link
from benchmarks.table import Figure, Row, inner, most

_STAGES = {
    "load": ("load", "ours", (SECOND,)),
    "facts, dbt's start included": ("facts", "night", (SECOND,)),
    "publication": ("publication", "ours", ()),
}


def older(home: str, dates: str) -> Figures:
    """Put a history of so many dates before the only one of a home."""
    with connect(Path(home)) as connection:
        age(connection, int(dates))
    return {}


def begun(home: str, date: str) -> Figures:
    """How many states of cards began on a date."""
    with connect(Path(home)) as connection:
        query = "select count(*) from raw.{} where valid_from = $date"
        return {
            table: connection.execute(query.format(table), {"date": date}).fetchall()[0][0]
            for table in _STATES
        }


def rows(site: Site) -> list[Row]:
    """The second date's night, as a whole and each stage by itself, old beside young, by turns."""
    few, many = site.ages
    edited = child("history", "begun", site.second.home, SECOND).said
    nights: dict[int, list[Night]] = {dates: [] for dates in site.ages}
    stages: dict[int, list[dict[str, Measured]]] = {dates: [] for dates in site.ages}
    for _ in range(site.rounds):
        for dates in site.ages:
            home = _before_a_night(site, dates)
            nights[dates].append(site.night(home, SECOND))
            aged = child("history", "begun", home, SECOND).said
            site.expect(f"cards edited after {dates:,} dates", aged == edited, f"{aged}, {edited}")
            site.forget(home)
            home = _before_a_night(site, dates)
            stages[dates].append(
                {
                    stage: child(module, way, home, *given)
                    for stage, (module, way, given) in _STAGES.items()
                }
            )
            site.forget(home)
    ours, theirs = (
        Figure(tuple(one.published for one in ran), "s", most([one.took for one in ran]))
        for ran in (nights[many], nights[few])
    )
    whole_night = f"night after {many:,} dates, landed pages to published, Dagster included"
    return [
        Row(whole_night, ours, f"the same after {few:,}", theirs, "30 s, 4 GB"),
        *(
            Row(
                f"{stage} after {many:,} dates",
                inner([night[stage] for night in stages[many]]),
                f"the same after {few:,}",
                inner([night[stage] for night in stages[few]]),
                "1.1",
            )
            for stage in _STAGES
        ),
    ]


def older_home(site: Site, dates: int) -> Path:
    """The first date's home with so many dates before it, published; made once."""
    home = site.folder / f"after-{dates}"
    if not home.exists():
        making = site.home(f"making-{dates}")
        shutil.copy(site.first.home / "warehouse.duckdb", making)
        child("history", "older", making, dates)
        child("publication", "ours", making)
        making.rename(home)
    return home


def _before_a_night(site: Site, dates: int) -> Path:
    """A copy of an older home that has the second date's capture."""
    older, home = older_home(site, dates), site.home("night", SECOND)
    shutil.copy(older / "warehouse.duckdb", home)
    shutil.copytree(older / "published", home / "published", symlinks=True, copy_function=hard_link)
    # A night finds the project parsed, and its files on the disk: a commit would wait for them.
    child("facts", "build", home, *NOTHING)
    os.sync()
    return home


def age(connection: duckdb.DuckDBPyConnection, dates: int) -> None:
    """Put a history of so many dates before the only one of a warehouse."""
    only, models = connection.execute(
        "select min(date), (select max(model_key) from raw.models) from raw.captures"
    ).fetchall()[0]
    given = {"only": only, "begin": only - dt.timedelta(days=dates), "models": models}
    statements = [*_LEDGER]
    for table, (columns, share) in _STATES.items():
        statements += [one.format(table=table, columns=columns, share=share) for one in _STATE]
    statements += [_DATED.format(table=table, column=column) for table, column in _DATES.items()]
    statements += [
        _MONTHLY.format(table=table, column=column, among=among)
        for table, (column, among) in _MONTHS.items()
    ]
    statements += [_RECORDS]
    for statement in statements:
        needed = {name: value for name, value in given.items() if f"${name}" in statement}
        connection.execute(statement, needed)
    connection.execute("checkpoint")


# What differs between two states of a model that were made up, and how many models change a day.
# The newest is as the date's capture shows it: else the next one would change every model.
_STATES = {
    "model_cards": (
        """case
            when changed.valid_to is null then held.tags
            else list_append(held.tags, 'edited:' || changed.valid_from)
        end as tags""",
        EDITED_A_DAY / 3 / NOMINAL_MODELS,
    ),
    "model_names": (
        """case
            when changed.valid_to is null then held.task
            else 'task ' || hash(changed.valid_from) % 40
        end as task""",
        EDITED_A_DAY / 30 / NOMINAL_MODELS,
    ),
    "model_updates": (
        "case when changed.valid_to is null then held.last_modified else changed.valid_from end"
        " as last_modified",
        EDITED_A_DAY / NOMINAL_MODELS,
    ),
}

_CHANGED = """
    create or replace temp table changed as
    with changes as (
        select model_key, $begin::date as valid_from from raw.open_{table}
        union
        select 1 + hash(date, place) % $models as model_key, date::date
        from
            generate_series($begin::date + 1, $only::date - 1, interval 1 day) as days (date),
            range(({share} * $models)::bigint) as places (place)
    )

    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
    """

_STATE = (
    _CHANGED,
    """
    create or replace temp table states as
    select held.* replace (changed.valid_from as valid_from, {columns}), changed.valid_to
    from raw.open_{table} as held join changed using (model_key)
    """,
    "delete from raw.open_{table}",
    """
    insert into raw.open_{table}
    select * exclude (valid_to) from states where valid_to is null order by valid_from, model_key
    """,
    """
    insert into raw.closed_{table} by name
    from states where valid_to is not null order by valid_to, model_key
    """,
)

_DATED = """
    insert into {table}
    select held.* replace (days.date::date as {column})
    from {table} as held,
        generate_series($begin::date, $only::date - 1, interval 1 day) as days (date)
    where held.{column} = $only
    """

_DATES = {
    "intermediate.int_ranks": "period",
    "intermediate.int_rank_records": "period",
    "intermediate.int_unit_days": "date",
    "marts.fct_rank_history": "period",
    "marts.fct_family_share_daily": "date",
    "marts.fct_family_inclusive_daily": "date",
    "marts.fct_scope_rules_daily": "date",
    "marts.fct_derivative_counts": "date",
}

_MONTHLY = """
    insert into {table}
    select held.* replace (months.month::date as {column})
    from {table} as held,
        generate_series(
            date_trunc('month', $begin::date) + interval 1 month,
            (select max({column}) from {table} where {among}) - interval 1 month, interval 1 month
        ) as months (month)
    where held.{column} = (select max({column}) from {table} where {among}) and {among}
    """

_MONTHS = {
    "intermediate.int_ranks": ("period", "grain = 'month'"),
    "intermediate.int_unit_months": ("month", "true"),
    "marts.fct_rank_history": ("period", "grain = 'month'"),
    "marts.fct_family_share_monthly": ("month", "true"),
    "marts.fct_concentration": ("month", "true"),
    "marts.fct_dominance": ("month", "true"),
}

# Ranks are alike on all dates: after the first one nobody is better than ever, and who is first is.
_RECORDS = """
    delete from intermediate.int_rank_records as held
    where held.rank_min > 1 and held.period > (
        select min(first.period) from intermediate.int_rank_records as first
        where first.grain = held.grain
    )
    """

_LEDGER = (
    """
    insert into raw.captures
    select only_one.* replace (days.date::date as date)
    from raw.captures as only_one,
        generate_series($begin::date, $only::date - 1, interval 1 day) as days (date)
    """,
    """
    insert into raw.capture_measures
    select
        date::date, date::date - 1, $models, $models, 0, $models, 0, 0, 30000000,
        1000, 0, 1000, 0
    from generate_series($begin::date + 1, $only::date, interval 1 day) as days (date)
    """,
    """
    create temp table history as
    with active as (
        select model_key, downloads, downloads_all_time, 1 - exp(-1.4 * downloads / 30) as chance
        from raw.open_counter_spans where downloads > 0
    ),

    changes as (
        select active.*, date::date as valid_from
        from active, generate_series($begin::date, $only::date - 1, interval 1 day) as days (date)
        where
            date = $begin::date
            or hash(active.model_key, date) / 18446744073709551616 < active.chance
    )

    select
        model_key,
        valid_from,
        coalesce(lead(valid_from) over by_model, $only::date) as valid_to,
        downloads + hash(valid_from) % 7 as downloads,
        greatest(
            downloads_all_time
            - greatest(1, round(downloads / 30 / chance))::bigint
            * (count(*) over (partition by model_key) - row_number() over by_model + 1),
            0
        ) as downloads_all_time
    from changes
    window by_model as (partition by model_key order by valid_from)
    """,
    "insert into raw.closed_counter_spans select * from history order by valid_to, model_key",
    """
    update raw.open_counter_spans set valid_from = $begin::date
    where model_key not in (select model_key from history)
    """,
    *(
        f"update raw.{table} set valid_from = $begin::date"
        for table in ("open_presence_spans", "open_model_lineage")
    ),
    _CHANGED.format(table="attention_spans", share=LIKED_A_DAY + TRENDING_A_DAY),
    """
    insert into raw.closed_attention_spans
    select
        model_key, changed.valid_from, changed.valid_to, held.likes,
        held.trending_score + 1 + hash(changed.valid_from) % 9
    from raw.open_attention_spans as held join changed using (model_key)
    where changed.valid_to is not null
    order by changed.valid_to, model_key
    """,
    """
    update raw.open_attention_spans as held set valid_from = changed.valid_from
    from changed where held.model_key = changed.model_key and changed.valid_to is null
    """,
    *(
        f"update intermediate.{table} set valid_from = $begin::date"
        for table in ("int_profile_spans", "int_scope_spans")
    ),
    """
    insert into marts.fct_model_downloads_monthly
    select month::date, hub_id, 'counter', variant, downloads, downloads, downloads, 1
    from (
        select hub_id, downloads
        from raw.open_counter_spans join raw.models using (model_key)
        where downloads > 0
    ) as flows,
    generate_series(
        date_trunc('month', $begin::date) + interval 1 month,
        date_trunc('month', $only::date) - interval 2 month, interval 1 month
    ) as months (month),
    (values ('raw'), ('robust')) as variants (variant)
    order by all
    """,
    """
    insert into marts.fct_model_derivatives
    select held.* replace (
        months.month::date as month, last_day(months.month) as as_of
    )
    from marts.fct_model_derivatives as held,
        generate_series(
            date_trunc('month', $begin::date) + interval 1 month,
            date_trunc('month', $only::date) - interval 1 month, interval 1 month
        ) as months (month)
    where held.month = date_trunc('month', $only::date)
    order by month
    """,
)  # fmt: skip


if __name__ == "__main__":
    tell({"older": older, "begun": begun})
