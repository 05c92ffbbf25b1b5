"""Recorded leaderboards into schema `raw`, once each.

Belongs here: what a load changes. Does not belong here: the record (see `assets.arena.store`).
"""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from assets.arena.store import ArenaStore, Note, Recorded
from assets.errors import LedgerError
from assets.ledger.warehouse import ensure_schema


@dataclass(frozen=True)
class LoadedArena:
    """What one load did: tables and rows loaded, and what could not be read."""

    tables: int
    rows: int
    problems: list[str]


def load_arena(connection: duckdb.DuckDBPyConnection, store: ArenaStore) -> LoadedArena:
    """Load every recorded table that is not in the warehouse, in one transaction.

    A damaged file costs itself only: the others, and the Hub's facts, do not depend on it.
    """
    ensure_schema(connection)
    held = set(
        connection.execute("select arena, published_on, revision from raw.arena_tables").fetchall()
    )
    loaded: list[tuple[Recorded, Note]] = []
    rows, problems = [], []
    for table in store.tables():
        if (table.arena, table.published_on, table.revision) in held:
            continue
        try:
            found, note = store.read(table)
        except LedgerError as error:
            problems.append(str(error))
            continue
        # The file's place says what it is.
        key = {
            "arena": pa.scalar(table.arena),
            "published_on": pa.scalar(table.published_on, pa.date32()),
            "revision": pa.scalar(table.revision, pa.int32()),
        }
        for name, value in key.items():
            found = found.append_column(name, pa.repeat(value, found.num_rows))
        rows.append(found)
        loaded.append((table, note))
    if not rows:
        return LoadedArena(0, 0, problems)
    arena_rows = pa.concat_tables(rows)
    connection.execute("begin")
    try:
        connection.register("arena_rows", arena_rows)
        connection.execute("insert into raw.arena_scores by name from arena_rows")
        connection.executemany(
            "insert into raw.arena_tables values (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    table.arena,
                    table.published_on,
                    table.revision,
                    note.measure,
                    note.origin,
                    note.sample,
                    note.recorded_at.replace(tzinfo=None),
                )
                for table, note in loaded
            ],
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    finally:
        connection.unregister("arena_rows")
    return LoadedArena(len(loaded), arena_rows.num_rows, problems)
