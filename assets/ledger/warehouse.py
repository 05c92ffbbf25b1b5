"""The private warehouse file, and the rule that one process writes it at a time.

Belongs here: connecting, waiting for one's turn, the schema. Does not belong here: loading.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import duckdb

from assets.errors import LedgerError

# dbt names the database after the file's stem and bakes that name into its manifest.
WAREHOUSE_NAME = "warehouse.duckdb"
_TURN_SECONDS = 3600.0
MEMORY_VARIABLE, MEMORY = "HUB_LEDGER_MEMORY", "3GB"


def ensure_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger's tables where they are missing.

    Raises:
        LedgerError: A table is not what this version writes; the warehouse stays as it was.
    """
    written = Path(__file__).with_name("schema.sql").read_text()
    # Forty statements take longer than some loads: they run where the text is another one.
    version = f"schema.sql {hashlib.sha256(written.encode()).hexdigest()}"
    held = connection.execute(
        "select comment from duckdb_tables() where schema_name = 'raw' and table_name = 'captures'"
    ).fetchone()
    if held == (version,):
        return
    with duckdb.connect() as empty:
        empty.execute(written)
        expected = _columns(empty)
    connection.begin()
    try:
        connection.execute(written)
        connection.execute(f"comment on table raw.captures is '{version}'")
        # What is there already is left as it is by its statement, whatever columns it has.
        agrees = expected == _columns(connection, {table for table, *_ in expected})
    except (duckdb.BinderException, duckdb.CatalogException):
        agrees = False
    if not agrees:
        connection.rollback()
        raise LedgerError(
            "the warehouse was written by an earlier version of the ledger; run make rebuild"
        )
    connection.commit()


def _columns(
    connection: duckdb.DuckDBPyConnection, of: set[str] | None = None
) -> set[tuple[str, ...]]:
    """Table, place, name, type and whether it may be NULL; of all columns, or of some tables."""
    held = connection.execute(
        "select table_name, column_index, column_name, data_type, is_nullable "
        "from duckdb_columns() where schema_name = 'raw'"
    ).fetchall()
    return {column for column in held if of is None or column[0] in of}


def memory_limit() -> str:
    """What DuckDB holds in memory at most; beyond it it spills beside the warehouse."""
    return os.environ.get(MEMORY_VARIABLE, "").strip() or MEMORY


def warehouse_path(home: Path) -> Path:
    """The warehouse of a ledger's home."""
    return home / WAREHOUSE_NAME


@dataclass
class _Turn:
    """A turn of this process: its thread, its lock, and the child that it is lent to."""

    thread: int
    lock: TextIO
    child: subprocess.Popen[Any] | None = None

    def end_child(self) -> None:
        """Stop the child, if there is one and it still runs."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def end(self) -> None:
        """Give it back."""
        self.end_child()
        self.lock.close()


_turns: dict[Path, _Turn] = {}
"""The last turn of this process, by the path of its lock."""


@atexit.register
def _end_turns() -> None:
    """Of a run that is stopped: Dagster may be taking what was yielded, and does not come back."""
    for turn in _turns.values():
        turn.end()


@contextlib.contextmanager
def writer_turn(
    home: Path,
    wait_seconds: float = _TURN_SECONDS,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[None]:
    """Hold the right to write the warehouse; whoever comes second waits.

    DuckDB itself refuses a second process at once. This lock makes the second one wait, across
    the command line, the UI and the schedule.

    Raises:
        LedgerError: Another run kept the turn longer than `wait_seconds`.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = _lock_path(home)
    # A thread does not wait for itself. What it still has was left by a step that failed on what it
    # yielded: Dagster does not close its generator.
    if path in _turns and _turns[path].thread == threading.get_ident():
        _turns[path].end()
    with path.open("a+") as lock:
        deadline = time.monotonic() + wait_seconds
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LedgerError(
                        f"another run has been writing {home} for {wait_seconds:.0f} s; "
                        "wait for it or stop it"
                    ) from None
                if not waiting:
                    say(f"waiting for another run that is writing {home}")
                    waiting = True
                time.sleep(0.2)
        _turns[path] = _Turn(threading.get_ident(), lock)
        lock.seek(0)
        _end_what_was_left(home, lock.read())
        try:
            yield
        finally:
            if not lock.closed:
                lock.truncate(0)


@contextlib.contextmanager
def lend_turn(home: Path, process: subprocess.Popen[Any]) -> Iterator[None]:
    """Let a child process write in the turn that this process has; it ends with the block.

    Without a parent that is killed it would go on, and keep the warehouse from whoever comes next:
    it is noted, and whoever comes next ends it.
    """
    path = _lock_path(home)
    path.write_text(str(process.pid))
    turn = _turns[path]
    turn.child = process
    try:
        yield
    finally:
        turn.end_child()


def _lock_path(home: Path) -> Path:
    return home.absolute() / "warehouse.lock"


def _end_what_was_left(home: Path, process: str) -> None:
    """End the child of a killed writer, if it is the one that has the warehouse open."""
    while process and _holder(home) == process:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
        time.sleep(0.1)


def _holder(home: Path) -> str | None:
    """The other process that has the warehouse open."""
    try:
        duckdb.connect(warehouse_path(home)).close()
    except duckdb.IOException as error:
        found = re.search(r"\(PID (\d+)\)", str(error))
        return found and found[1]
    return None


@contextlib.contextmanager
def connect(home: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for one piece of work and let go of it.

    Raises:
        LedgerError: Another program holds the file, it is not there to be read, or the work takes
            more memory than it may.
    """
    path = warehouse_path(home)
    if read_only and not path.exists():
        raise LedgerError(f"no warehouse at {path}: run make nightly, make import or make demo")
    try:
        connection = duckdb.connect(path, read_only=read_only)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise LedgerError(
                f"{path} cannot be opened ({str(error).splitlines()[0]}); "
                "remove it and run make rebuild"
            ) from None
        raise LedgerError(
            f"another program has {path} open; close it (BI tools read published/hub_ledger.duckdb)"
        ) from None
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set memory_limit = $limit", {"limit": memory_limit()})
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise LedgerError(
            f"{MEMORY_VARIABLE}={memory_limit()} is too little ({str(error).splitlines()[0]}); "
            "raise it and run again"
        ) from None
    finally:
        connection.close()
