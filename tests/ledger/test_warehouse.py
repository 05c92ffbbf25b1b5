"""One writer at a time, and a clear word to whoever stands in the way."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.errors import LedgerError
from assets.facts.project import DBT, PROJECT_DIR, dbt_environment
from assets.ledger.warehouse import (
    connect,
    ensure_schema,
    warehouse_path,
    writer_turn,
)
from tests.helpers import item, load, record, run_dbt

HOLD = """
import sys
from pathlib import Path
from assets.ledger.warehouse import connect, writer_turn
with writer_turn(Path(sys.argv[1])), connect(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""

LEND = """
import subprocess, sys
from pathlib import Path
from assets.ledger.warehouse import lend_turn, writer_turn
with writer_turn(Path(sys.argv[1])):
    child = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
    child += "sys.stdin.readline()"
    path = sys.argv[1] + "/warehouse.duckdb"
    process = subprocess.Popen([sys.executable, "-c", child, path], stdout=subprocess.PIPE)
    process.stdout.readline()
    with lend_turn(Path(sys.argv[1]), process):
        print(process.pid, flush=True)
        process.wait()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the turn and the file until told."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.long
def test_memory_has_one_limit_in_dbt_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "select current_setting('memory_limit')"
    project = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    with connect(tmp_path) as connection:
        assert connection.execute(asked).fetchall() == [("2.7 GiB",)]
    assert "2.7 GiB" in run_dbt(tmp_path, "show", "--inline", asked)
    monkeypatch.setenv("HUB_LEDGER_MEMORY", "64MB")
    with connect(tmp_path) as connection:
        assert connection.execute(asked).fetchall() == [("61.0 MiB",)]
    told = subprocess.run(
        [DBT, "show", "--inline", asked, *project],
        env={**os.environ, **dbt_environment(tmp_path), "DBT_TARGET_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "61.0 MiB" in told.stdout
    with (
        pytest.raises(LedgerError, match="HUB_LEDGER_MEMORY=64MB is too little"),
        connect(tmp_path) as connection,
    ):
        connection.execute("select list(range) from range(50_000_000)")


def release(holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n", timeout=20)


def test_the_second_writer_waits_and_gets_its_turn(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    said: list[str] = []

    def let_go(line: str) -> None:
        said.append(line)
        release(holder)

    with writer_turn(tmp_path, say=let_go), connect(tmp_path) as connection:
        connection.execute("create table mine (x integer)")
    assert "waiting for another run" in said[0]


def test_who_waits_too_long_is_told(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(LedgerError, match="another run"), writer_turn(tmp_path, wait_seconds=0):
        pass
    with pytest.raises(LedgerError, match="another program has"), connect(tmp_path):
        pass
    release(holder)


def test_a_step_that_failed_while_it_yielded_leaves_no_lock(tmp_path: Path) -> None:
    """Dagster does not close the generator of an asset whose result it cannot take."""

    @dg.multi_asset(specs=[dg.AssetSpec("failing")])
    def failing() -> Iterator[dg.MaterializeResult]:
        with writer_turn(tmp_path):
            yield dg.MaterializeResult(asset_key="another")

    @dg.asset
    def waiting() -> None:
        with writer_turn(tmp_path, wait_seconds=5):
            pass

    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        result = dg.materialize([failing, waiting], instance=instance, raise_on_error=False)
    assert [event.step_key for event in result.get_step_failure_events()] == ["failing"]


def test_a_killed_writer_leaves_no_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate(timeout=20)
    with writer_turn(tmp_path, wait_seconds=5), connect(tmp_path):
        pass


def test_the_child_of_a_killed_writer_is_ended(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", LEND, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout
    child = writer.stdout.readline().strip()
    writer.kill()
    # Its input stays open: the child would end with it.
    writer.wait(timeout=20)
    with pytest.raises(LedgerError, match="another program has"), connect(tmp_path):
        pass
    assert (tmp_path / "warehouse.lock").read_text() == child
    with writer_turn(tmp_path), connect(tmp_path) as connection:
        connection.execute("create table mine (x integer)")
    assert (tmp_path / "warehouse.lock").read_text() == ""
    writer.communicate()


def test_a_process_that_was_lent_no_turn_is_left_alone(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    (tmp_path / "warehouse.lock").write_text("1")
    holder.kill()
    holder.communicate(timeout=20)
    reader = subprocess.Popen(
        [
            sys.executable, "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
            "sys.stdin.readline()", str(warehouse_path(tmp_path)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert reader.stdout
    assert reader.stdout.readline() == "held\n"
    with (
        pytest.raises(LedgerError, match="another program has"),
        writer_turn(tmp_path),
        connect(tmp_path),
    ):
        pass
    assert reader.poll() is None
    release(reader)


def test_no_warehouse_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no warehouse"), connect(tmp_path, read_only=True):
        pass
    warehouse_path(tmp_path).write_bytes(b"not a database" * 1000)
    with pytest.raises((LedgerError, duckdb.Error), match="make rebuild"), connect(tmp_path):
        pass


@pytest.mark.parametrize(
    "change",
    [
        "drop view raw.counter_spans; create table raw.counter_spans (date date)",
        "alter table raw.models drop hub_id",
        "alter table raw.models rename hub_id to id",
        "alter table raw.models add column more integer",
        "alter table raw.ids_replaced alter changed_on type timestamp",
        "drop table raw.models; create table raw.models (model_key bigint)",
    ],
)
def test_a_warehouse_of_an_earlier_version_asks_for_a_rebuild(tmp_path: Path, change: str) -> None:
    with connect(tmp_path) as connection:
        ensure_schema(connection)
        connection.execute(change)
        connection.execute("comment on table raw.captures is 'schema.sql of before'")
        before = connection.execute("from duckdb_columns() order by all").fetchall()
        for _ in range(2):
            with pytest.raises(
                LedgerError, match="earlier version of the ledger; run make rebuild"
            ):
                ensure_schema(connection)
        assert connection.execute("from duckdb_columns() order by all").fetchall() == before


def test_a_table_that_is_new_in_this_version_is_made(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        ensure_schema(connection)
        connection.execute("drop table raw.quality_events")
        connection.execute("comment on table raw.captures is 'schema.sql of before'")
        ensure_schema(connection)
        assert connection.execute("from raw.quality_events").fetchall() == []


def test_a_loaded_warehouse_passes_for_one_of_this_version(tmp_path: Path) -> None:
    """Else any change of the schema, a table more, would ask every ledger for a rebuild."""
    dates = [dt.date(2026, 1, day) for day in (1, 3, 2)]
    record(tmp_path, {date: [item("x/y", date.day)] for date in dates})
    load(tmp_path, dates)
    with connect(tmp_path) as connection:
        connection.execute("comment on table raw.captures is 'schema.sql of before'")
        ensure_schema(connection)
