"""One night on a warehouse with few dates before it, and on one with many.

Belongs here: making a warehouse older than it is, and timing the next night on it. Does not belong
here: captures of a made-up Hub (see `benchmarks.generate`).

The history is written into the ledger's tables as loads would have left it: each model that is
downloaded changes its counts as often as its rate says. Marts hold one date's rows again and again.
"""

import datetime as dt
import os
import shutil
from pathlib import Path

import duckdb

from assets.ledger.warehouse import connect
from benchmarks.facts import NOTHING
from benchmarks.measure import Figures, Measured, child, tell
from benchmarks.site import SECOND, Site, hard_link
from benchmarks.table import Row, inner

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


def rows(site: Site) -> list[Row]:
    """Each stage of the second date's night, old beside young, by turns."""
    few, many = site.ages
    old = {dates: _older(site, dates) for dates in site.ages}
    nights: dict[int, list[dict[str, Measured]]] = {dates: [] for dates in site.ages}
    for _ in range(site.rounds):
        for dates, home in old.items():
            nights[dates].append(_night(site, home))
    return [
        Row(
            f"{stage} after {many:,} dates",
            inner([night[stage] for night in nights[many]]),
            f"the same after {few:,}",
            inner([night[stage] for night in nights[few]]),
            "1.1",
        )
        for stage in _STAGES
    ]


def _older(site: Site, dates: int) -> Path:
    home = site.home(f"after-{dates}")
    shutil.copy(site.first.home / "warehouse.duckdb", home)
    child("history", "older", home, dates)
    # As the night before left it.
    child("publication", "ours", home)
    return home


def _night(site: Site, older_home: Path) -> dict[str, Measured]:
    home = site.home("night", SECOND)
    shutil.copy(older_home / "warehouse.duckdb", home)
    shutil.copytree(
        older_home / "published", home / "published", symlinks=True, copy_function=hard_link
    )
    # A night finds the project parsed, and its files on the disk: a commit would wait for them.
    child("facts", "build", home, *NOTHING)
    os.sync()
    took = {
        stage: child(module, way, home, *dates) for stage, (module, way, dates) in _STAGES.items()
    }
    site.forget(home)
    return took


def age(connection: duckdb.DuckDBPyConnection, dates: int) -> None:
    """Put a history of so many dates before the only one of a warehouse."""
    (only,) = connection.execute("select min(date) from raw.captures").fetchall()[0]
    begin = only - dt.timedelta(days=dates)
    parameters = {"only": only, "begin": begin}
    for statement in _LEDGER:
        needed = {name: value for name, value in parameters.items() if f"${name}" in statement}
        connection.execute(statement, needed)
    for table, column in _DATED.items():
        connection.execute(
            f"""
            insert into {table}
            select held.* replace (held.{column} - back.days::integer as {column})
            from {table} as held, generate_series(1, $dates) as back (days)
            where held.{column} = $only
            """,
            {"dates": dates, "only": only},
        )
    connection.execute("checkpoint")


_DATED = {
    "intermediate.int_ranks": "period",
    "intermediate.int_rank_records": "period",
    "marts.fct_rank_history": "period",
    "marts.fct_family_share_daily": "date",
    "marts.fct_derivative_counts": "date",
}

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
        date::date, date::date - 1, 2800000, 2800000, 0, 2800000, 0, 0, 30000000,
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
        for table in (
            "open_attention_spans", "open_presence_spans", "model_attributes", "model_updates",
            "model_lineage",
        )
    ),
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
)  # fmt: skip


if __name__ == "__main__":
    tell({"older": older})
