"""What dbt has still to compute or to check: tables that loads and runs fill and dbt runs empty.

Belongs here: `raw.facts_due`, `raw.facts_batch`, `raw.ids_replaced`, `raw.unchecked_assets`. Does
not belong here: computing facts.
"""

import datetime as dt

import duckdb

from assets.ledger.warehouse import ensure_schema


def mark_facts_due(connection: duckdb.DuckDBPyConnection, dates: list[dt.date]) -> None:
    """Ask for the facts of some loaded dates to be computed (again) by the next dbt run."""
    connection.execute(
        "insert or ignore into raw.facts_due select date from raw.captures where date in $dates",
        {"dates": dates},
    )


def facts_due(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """Loaded dates whose facts are not finished, ascending."""
    ensure_schema(connection)
    return [
        row[0]
        for row in connection.execute("select date from raw.facts_due order by date").fetchall()
    ]


def next_batch(connection: duckdb.DuckDBPyConnection, max_models: int) -> list[dt.date]:
    """Choose the earliest dates that are due, as many as `max_models` allows, at least one.

    The closure and the weights of all chosen dates are in memory together.
    """
    ensure_schema(connection)
    connection.execute("delete from raw.facts_batch")
    connection.execute(
        """
        insert into raw.facts_batch
        select date
        from (
            select
                due.date,
                row_number() over by_date as place,
                sum(captures.rows) over by_date as models
            from raw.facts_due as due join raw.captures as captures using (date)
            window by_date as (order by due.date)
        )
        where models <= $max_models or place = 1
        """,
        {"max_models": max_models},
    )
    rows = connection.execute("select date from raw.facts_batch order by date").fetchall()
    return [row[0] for row in rows]


def facts_done(connection: duckdb.DuckDBPyConnection, dates: list[dt.date]) -> None:
    """Note that all of dbt and its tests passed for these dates."""
    connection.execute("delete from raw.facts_due where date in $dates", {"dates": dates})
    connection.execute("delete from raw.ids_replaced")
    connection.execute("delete from raw.unchecked_assets")


def mark_unchecked(connection: duckdb.DuckDBPyConnection, assets: list[str]) -> None:
    """Note that a run makes these anew."""
    connection.execute(
        "insert or ignore into raw.unchecked_assets select unnest($assets)", {"assets": assets}
    )


def unchecked(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What runs made whose tests did not pass, or were not run, or that were killed, ascending."""
    rows = connection.execute("select asset from raw.unchecked_assets order by asset").fetchall()
    return [row[0] for row in rows]


def mark_checked(connection: duckdb.DuckDBPyConnection, assets: list[str]) -> None:
    """Note that all tests of what a run made passed.

    Where an earlier run left something else unchecked, all stays so: these may be made of it, and
    their tests do not see that.
    """
    if set(unchecked(connection)) <= set(assets):
        connection.execute("delete from raw.unchecked_assets")
