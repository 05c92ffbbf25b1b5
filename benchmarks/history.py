"""How long one night takes on a warehouse with few dates and with many.

Belongs here: making a warehouse older than it is, and timing the next night on it. Does not belong
here: captures of a made-up Hub (see `benchmarks.generate`).

The history is written into the ledger's tables as loads would have left it: each model that is
downloaded changes its counts as often as its rate says. Marts hold one date's rows again and again.
"""

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import duckdb

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.facts.project import DBT, PROJECT_DIR, dbt_environment
from assets.ledger.due import facts_done, next_batch
from assets.ledger.load import load_capture
from assets.ledger.warehouse import connect


def main() -> None:
    """Time the second of two captures on warehouses of several ages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=Path, required=True, help="two files of generate")
    parser.add_argument("--home", type=Path, required=True, help="an empty folder")
    parser.add_argument("--dates", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--keep", action="store_true", help="keep the warehouses")
    wanted = parser.parse_args()
    base = wanted.home / "base"
    store = CaptureStore(base / "captures")
    import_files(store, wanted.captures, 1.0, 0.0, sample="benchmark")
    first, night = store.dates()[:2]
    with connect(base) as connection:
        load_capture(connection, store, first)
    _facts(base)
    for dates in wanted.dates:
        home = wanted.home / str(dates)
        home.mkdir()
        shutil.copy(base / "warehouse.duckdb", home / "warehouse.duckdb")
        with connect(home) as connection:
            age(connection, dates)
        started = time.perf_counter()
        with connect(home) as connection:
            load_capture(connection, store, night)
        loaded = time.perf_counter()
        models = _facts(home)
        done = time.perf_counter()
        size = (home / "warehouse.duckdb").stat().st_size / 1e6
        print(
            f"{dates:>4} dates before: load {loaded - started:6.1f} s, dbt {done - loaded:6.1f} s, "
            f"models {sum(models.values()):6.1f} s, warehouse {size:,.0f} MB"
        )
        for name, seconds in sorted(models.items(), key=lambda one: -one[1])[:16]:
            print(f"      {seconds:6.2f} s  {name}")
        if not wanted.keep:
            shutil.rmtree(home)


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


def _facts(home: Path) -> dict[str, float]:
    """Build the facts that are due; seconds by dbt node."""
    with connect(home) as connection:
        batch = next_batch(connection, 10**9)
    target = home / "target"
    command = [str(DBT), "--quiet", "build", "--exclude-resource-type", "unit_test"]
    subprocess.run(
        [*command, "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)],
        env={**os.environ, **dbt_environment(home), "DBT_TARGET_PATH": str(target)},
        check=True,
    )
    with connect(home) as connection:
        facts_done(connection, batch)
    results = json.loads((target / "run_results.json").read_text())["results"]
    return {one["unique_id"].split(".", 2)[2]: one["execution_time"] for one in results}


if __name__ == "__main__":
    main()
