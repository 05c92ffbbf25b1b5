"""How long typical questions of BI tools take on a published file of many dates.

Belongs here: the questions, and timing them with a connection that is held and one that is opened
for each. Does not belong here: making the file (see `benchmarks.history`).
"""

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.history import older_home
from benchmarks.measure import Figures, Measured, child, tell
from benchmarks.site import Site
from benchmarks.table import Figure, Row

_ROUNDS = 20

# What a question asks about is taken from the file: the same ones run on any.
_CHOICES = {
    "month": "select max(period) from marts.fct_rank_history where grain = 'month'",
    "counted_month": (
        "select max(month) from marts.fct_model_downloads_monthly where basis = 'counter'"
    ),
    "model": (
        "select unit_name from marts.fct_rank_history "
        "where unit_type = 'model' order by value desc, unit_name limit 1"
    ),
    "hub_id": (
        "select hub_id from marts.fct_model_downloads_monthly order by downloads desc, 1 limit 1"
    ),
    "family": (
        "select family from marts.fct_family_share_daily "
        "where family <> 'other' order by downloads desc, 1 limit 1"
    ),
}

QUESTIONS = {
    "family share over time": """
        select date, family, share from marts.fct_family_share_daily
        where scope = 'text_vlm' and attribution = 'root' and basis = 'window' and variant = 'raw'
        order by date, share desc
    """,
    "one family, all attributions": """
        select date_trunc('month', date) as month, attribution, avg(share)
        from marts.fct_family_share_daily
        where family = $family and scope = 'all' and basis = 'window' and variant = 'raw'
        group by all order by all
    """,
    "rank history of a model": """
        select period, scope, metric, value, rank_ordinal from marts.fct_rank_history
        where grain = 'month' and unit_type = 'model' and unit_name = $model order by all
    """,
    "top models of a month": """
        select unit_name, value, rank_best, rank_worst from marts.fct_rank_history
        where grain = 'month' and unit_type = 'model' and scope = 'text_vlm' and period = $month
        order by rank_ordinal limit 50
    """,
    "derivatives by relation": """
        select date, relation, sum(direct) from marts.fct_derivative_counts
        where relation <> 'any' and family = $family group by all order by all
    """,
    "claims": """
        select statement, claimed, measured, verdict, reason from marts.fct_claims
        where is_stated order by claim_id
    """,
    "dominance": """
        select month, leader, competitor_set, k, ratio, verdict from marts.fct_dominance
        where unit_type = 'family' and scope = 'text_vlm' and attribution = 'root' order by all
    """,
    "downloads of a month by library": """
        select library, sum(downloads) from marts.fct_model_downloads_monthly
        join marts.dim_model using (hub_id)
        where month = $counted_month and basis = 'counter' and variant = 'raw'
        group by all order by 2 desc limit 20
    """,
    "months of one model": """
        select month, downloads, confidence from marts.fct_model_downloads_monthly
        where hub_id = $hub_id and basis = 'counter' and variant = 'raw' order by month
    """,
    "models by the begin of a name": """
        select repo_id, publisher, task, created_on from marts.dim_model
        where starts_with(repo_id, split_part($model, '/', 1) || '/') order by repo_id limit 100
    """,
}


def held(published: str) -> Figures:
    """By a connection that stays open, as notebooks and most tools have it."""
    with _file(published) as connection:
        chosen = _chosen(connection)
        return _times(lambda question: _ask(connection, question, chosen))


def anew(published: str) -> Figures:
    """By a connection opened for each question, as Superset does."""
    with _file(published) as connection:
        chosen = _chosen(connection)

    def ask(question: str) -> int:
        with _file(published) as connection:
            return _ask(connection, question, chosen)

    return _times(ask)


def twins(published: str) -> Figures:
    """On the Parquet twins, behind views of a connection that stays open."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for folder in (Path(published) / "parquet").iterdir():
            source = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
            connection.execute(f"create view marts.{folder.name} as from {source}")
        chosen = _chosen(connection)
        return _times(lambda question: _ask(connection, question, chosen))


def _file(published: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(Path(published) / "hub_ledger.duckdb", read_only=True)


def _chosen(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What is asked about; None in a record too short for it."""
    rows = {name: connection.execute(query).fetchone() for name, query in _CHOICES.items()}
    return {name: row and row[0] for name, row in rows.items()}


def _ask(connection: duckdb.DuckDBPyConnection, question: str, chosen: dict[str, Any]) -> int:
    parameters = {name: value for name, value in chosen.items() if f"${name}" in question}
    return len(connection.execute(question, parameters).fetchall())


def _times(ask: Callable[[str], int]) -> Figures:
    """Rows of each answer, and milliseconds of each asking after that, by question."""
    rows = {name: ask(question) for name, question in QUESTIONS.items()}
    times: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(_ROUNDS):
        for name, question in QUESTIONS.items():
            started = time.perf_counter()
            ask(question)
            times[name].append((time.perf_counter() - started) * 1000)
    return {"rows": rows, "ms": times}


def rows(site: Site) -> list[Row]:
    """The slowest question, and the one in the middle, each by its median."""
    published = (older_home(site, max(site.ages)) / "published" / "latest").resolve()
    ran = {way: child("published", way, published) for way in ("held", "anew", "twins")}
    answers = [run.said["rows"] for run in ran.values()]
    site.expect("rows of the answers", all(one == answers[0] for one in answers), f"{answers}")
    empty = [name for name, count in answers[0].items() if not count]
    site.expect("questions without an answer", not empty, ", ".join(empty))
    stage = f"{len(QUESTIONS)} questions of BI tools after {max(site.ages):,} dates"
    peer = "the same on the Parquet twins, held"
    told = {"held": "connection held", "anew": "connection opened anew"}
    return [
        Row(f"{stage}, the {which}, {how}", _ms(ran[way], of), peer, _ms(ran["twins"], of))
        for which, of in (("median one", statistics.median), ("slowest", max))
        for way, how in told.items()
    ]


def _ms(run: Measured, of: Callable[[Iterable[float]], float]) -> Figure:
    medians = [statistics.median(times) for times in run.said["ms"].values()]
    return Figure((of(medians),), "ms", run.peak_mb)


if __name__ == "__main__":
    tell({"held": held, "anew": anew, "twins": twins})
