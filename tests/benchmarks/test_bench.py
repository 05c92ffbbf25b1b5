"""The whole benchmark, very small: each line of the table is there, and the peers agree."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import REPOSITORY
from tests.clients.environments import only_if_wanted, python_environment

# At least one line of each of them, and each peer and floor.
EXPECTED = (
    "crawl and land", "waits counted", "load of a first date", "load of a later date",
    "night of a later date", "night of a first date", "rebuild of two dates",
    "dbt's start", "all facts of a night", "realistic graph", "stress graph", "publication",
    "no facts were computed since",
    "connection held", "connection opened anew", "record of a date, kept for ever",
    "night after 100 dates", "load after 100 dates", "facts, dbt's start included after 100",
    "publication after 100 dates",
    "`HfApi.list_models`", "whole windows", "`read_json`", "dlt, Arrow tables", "pandas, lines",
    "SQL in one connection", "dbt over dlt's table", "igraph", "networkx", "Parquet twins",
    "DuckDB alone: the marts", "a copy of the published bytes", "the same after 3",
)  # fmt: skip


@only_if_wanted
def test_every_line_is_there_and_the_peers_agree(tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    with python_environment("peers", REPOSITORY / "benchmarks") as programs:
        small = ["--models", "3000", "--rounds", "1", "--ages", "3", "100"]
        done = subprocess.run(
            [
                sys.executable, "-m", "benchmarks", *small,
                "--peers", str(programs / "python"), "--out", str(table),
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
    text = table.read_text()
    assert [one for one in EXPECTED if one not in text] == []
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert {len(line) for line in lines} == {8}
    assert all(line[6] for line in lines), "a ratio is missing"
