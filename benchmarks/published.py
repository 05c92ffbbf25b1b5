"""How long typical questions of BI tools take on a published file.

Belongs here: the questions, and timing them with a connection that is held and one that is opened
for each. Does not belong here: making the file (see `benchmarks.history` and `make demo`).
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

# What a question asks about is taken from the file: the same ones run on any.
_CHOICES = {
    "month": "select max(period) from marts.fct_rank_history where grain = 'month'",
    "date": "select max(date) from marts.fct_family_share_daily",
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
        select month, competitor_set, k, ratio, verdict from marts.fct_dominance
        where leader = $family and scope = 'text_vlm' and attribution = 'publisher' order by all
    """,
    "downloads of a month by library": """
        select library, sum(downloads) from marts.fct_model_downloads_monthly
        join marts.dim_model using (hub_id)
        where month = $month and basis = 'counter' and variant = 'raw'
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


def main() -> None:
    """Print the times of each question and the 95th percentile of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", type=Path, required=True, help="a hub_ledger.duckdb")
    parser.add_argument("--rounds", type=int, default=20)
    wanted = parser.parse_args()
    held = duckdb.connect(wanted.published, read_only=True)
    found = {name: held.execute(query).fetchone() for name, query in _CHOICES.items()}
    missing = [name for name, row in found.items() if row is None]
    if missing:
        raise SystemExit(f"{wanted.published} has no {missing[0]} to ask about: too short a record")
    chosen = {name: row[0] for name, row in found.items() if row}

    def ask(connection: duckdb.DuckDBPyConnection, question: str) -> int:
        parameters = {name: value for name, value in chosen.items() if f"${name}" in question}
        return len(connection.execute(question, parameters).fetchall())

    def ask_anew(question: str) -> int:
        with duckdb.connect(wanted.published, read_only=True) as connection:
            return ask(connection, question)

    rows = {name: ask(held, question) for name, question in QUESTIONS.items()}
    warm = _times(lambda question: ask(held, question), wanted.rounds)
    # As long as one connection is open in a process, another one shares what it has read.
    held.close()
    anew = _times(ask_anew, wanted.rounds)
    print(f"{'ms, median and p95':<34}{'held':>16}{'opened anew':>20}{'rows':>8}")
    for name in QUESTIONS:
        print(f"{name:<34}{_told(warm[name]):>16}{_told(anew[name]):>20}{rows[name]:>8}")
    everything = [[one for times in by_name.values() for one in times] for by_name in (warm, anew)]
    print(f"{'all':<34}{_told(everything[0]):>16}{_told(everything[1]):>20}")


def _times(ask: Callable[[str], int], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(rounds):
        for name, question in QUESTIONS.items():
            started = time.perf_counter()
            ask(question)
            times[name].append((time.perf_counter() - started) * 1000)
    return times


def _told(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{ordered[len(ordered) // 2]:.1f} {ordered[math.ceil(len(ordered) * 0.95) - 1]:.1f}"


if __name__ == "__main__":
    main()
