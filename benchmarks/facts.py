"""One night's facts by dbt, beside a minimal dbt project over a dlt table, and pandas.

Belongs here: building what is due, dbt's start told apart, the peers' three facts. Does not belong
here: whether the facts agree (see `benchmarks.agreement`).
"""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Figures, Measured, child, run, tell, timed
from benchmarks.peers.rules import FAMILIES, brand_expression
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Figure, Row

_PEER_PROJECT = Path(__file__).parent / "peers" / "facts"
NOTHING = ("--select", "tag:nothing")
"""dbt's options for a build of nothing: it starts, and parses what it has not parsed yet."""


def night(home: str, date: str) -> Figures:
    """Models, seeds and tests of a date, whether they were computed before or not."""
    from assets.ledger.due import facts_done, mark_facts_due
    from assets.ledger.warehouse import connect

    due = [dt.date.fromisoformat(date)]
    with connect(Path(home)) as connection:
        mark_facts_due(connection, due)
    figures = build(home)
    with connect(Path(home)) as connection:
        facts_done(connection, due)
    return figures


def build(home: str, *options: str) -> Figures:
    """Build all of the project for the dates that are due, or some of it."""
    from assets.ledger.due import next_batch
    from assets.ledger.warehouse import connect

    with connect(Path(home)) as connection:
        next_batch(connection, 10**9)
    with timed() as figures:
        dbt(Path(home), "build", "--exclude-resource-type", "unit_test", *options)
    return figures


def dbt(home: Path, *words: str) -> None:
    """Run the project's dbt on a home, its files there too."""
    from assets.facts.project import DBT, PROJECT_DIR, dbt_environment

    subprocess.run(
        [
            *(str(DBT), "--quiet", *words),
            *("--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)),
        ],
        env={**os.environ, **dbt_environment(home), "DBT_TARGET_PATH": str(home / "target")},
        # The last line of its own output is what a way tells.
        stdout=sys.stderr,
        check=True,
    )


def rows(site: Site) -> list[Row]:
    """The start of dbt, and all that a night's facts take above it.

    Peers that read one date do the first: on the second, the record knows lineage of models that
    are gone.
    """
    home = site.second.home
    # The first run parses the project; every later one reads what that left.
    _, start = (child("facts", "build", home, *NOTHING) for _ in range(2))
    whole = child("facts", "night", home, SECOND)
    peer_start, peer_whole = _dbt_over_dlt(site)
    frames = site.folder / "pandas.duckdb"
    pandas = child("peers.frames", "facts", site.items(FIRST), frames, python=site.peers)
    site.agree("pandas", home, FIRST, frames)
    ours = _above(whole.inner_wall, start.inner_wall, whole.peak_mb)
    return [
        Row(
            "dbt's start (a build of nothing)",
            Figure((start.inner_wall,), "s", start.peak_mb),
            "dbt's start, project of 10 models",
            Figure((peer_start.wall,), "s", peer_start.peak_mb),
        ),
        Row(
            "all facts of a night and their tests, above dbt's start",
            ours,
            "three facts in dbt over dlt's table, above its start",
            _above(peer_whole.wall, peer_start.wall, peer_whole.peak_mb),
            "15 s",
        ),
        Row(
            "all facts of a night and their tests, above dbt's start",
            ours,
            "three facts in pandas, lineage in igraph",
            Figure((pandas.inner_wall,), "s", pandas.peak_mb),
        ),
    ]


def _dbt_over_dlt(site: Site) -> tuple[Measured, Measured]:
    """The peer's start and its whole run, on a date whose names it has judged before."""
    folder = site.folder / "dlt-facts"
    child("peers.dlt_load", "load", site.items(FIRST), folder, python=site.peers)
    warehouse = folder / "peers.duckdb"
    variables = json.dumps({"brand": brand_expression(), "families": str(FAMILIES)})
    command: list[str | Path] = [
        site.peers.with_name("dbt"), "--quiet", "build", "--vars", variables,
        "--project-dir", _PEER_PROJECT, "--profiles-dir", _PEER_PROJECT,
    ]  # fmt: skip
    environment = {
        "BENCHMARK_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    run(command, environment)
    start = run([*command, *NOTHING], environment)
    whole = run(command, environment)
    site.agree("dbt over dlt", site.second.home, FIRST, warehouse)
    site.forget(folder)
    return start, whole


def _above(whole: float, start: float, peak_mb: float) -> Figure:
    return Figure((whole - start,), "s", peak_mb)


if __name__ == "__main__":
    tell({"night": night, "build": build})
