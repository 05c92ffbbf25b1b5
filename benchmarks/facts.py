"""One night's facts by dbt, beside a minimal dbt project over a dlt table, and pandas.

Belongs here: building what is due, dbt's start told apart, the peers' three facts. Does not belong
here: whether the facts agree (see `benchmarks.agreement`).
"""

import datetime as dt
import json
import os
import subprocess
from pathlib import Path

from benchmarks.agreement import differences
from benchmarks.measure import Figures, Measured, child, run, tell, timed
from benchmarks.peers.rules import FAMILIES, brand_expression
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Figure, Row

_PEER_PROJECT = Path(__file__).parent / "peers" / "facts"
NOTHING = ("--select", "tag:nothing")
"""dbt's options for a build of nothing: it starts, and parses what it has not parsed yet."""


def night(home: str, date: str) -> Figures:
    """Models, seeds and tests of a date, whether they were computed before or not."""
    from assets.ledger.due import facts_done, mark_facts_due, next_batch
    from assets.ledger.warehouse import connect

    with connect(Path(home)) as connection:
        mark_facts_due(connection, [dt.date.fromisoformat(date)])
        batch = next_batch(connection, 10**9)
    figures = build(home)
    with connect(Path(home)) as connection:
        facts_done(connection, batch)
    return figures


def build(home: str, *options: str) -> Figures:
    """Run dbt on a home whose batch is chosen, or on some of its models."""
    from assets.facts.project import DBT, PROJECT_DIR, dbt_environment
    from assets.ledger.due import next_batch
    from assets.ledger.warehouse import connect

    if options:
        with connect(Path(home)) as connection:
            next_batch(connection, 10**9)
    command = [str(DBT), "--quiet", "build", "--exclude-resource-type", "unit_test", *options]
    target = {"DBT_TARGET_PATH": str(Path(home) / "target")}
    with timed() as figures:
        subprocess.run(
            [*command, "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)],
            env={**os.environ, **dbt_environment(Path(home)), **target},
            check=True,
        )
    return figures


def rows(site: Site) -> list[Row]:
    """The start of dbt, and all that a night's facts take above it."""
    home = site.second.home
    # The first run parses the project; every later one reads what that left.
    _, start = (child("facts", "build", home, *NOTHING) for _ in range(2))
    whole = child("facts", "night", home, SECOND)
    peer_start, peer_whole = _dbt_over_dlt(site)
    frames = site.folder / "pandas.duckdb"
    pandas = child("peers.frames", "facts", site.items(FIRST), frames, python=site.peers)
    _agree(site, "pandas", frames)
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
    _agree(site, "dbt over dlt", warehouse)
    return start, whole


def _agree(site: Site, who: str, theirs: Path) -> None:
    for difference in differences(site.second.home, FIRST, theirs):
        site.expect(f"facts of {who}", False, difference)


def _above(whole: float, start: float, peak_mb: float) -> Figure:
    return Figure((whole - start,), "s", peak_mb)


if __name__ == "__main__":
    tell({"night": night, "build": build})
