"""The published files: built beside, verified, then moved over the old ones.

Belongs here: what is copied, in which form, and the checks before it replaces anything.
Does not belong here: the report.
"""

import datetime as dt
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from assets.captures.admission import ADMITTED
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.ledger.due import facts_due
from assets.ledger.load import loaded_dates
from assets.ledger.warehouse import connect

PUBLISHED_NAME = "hub_ledger.duckdb"
# What BI tools ship opens it; DuckDB's own default is closed to every client but the newest.
STORAGE_VERSION = "v1.4.0"
SCHEMA = "marts"


@dataclass(frozen=True)
class Publication:
    """What was published: the file, its size in bytes, and rows by table."""

    path: Path
    bytes: int
    tables: dict[str, int]
    sample: bool


def publish(home: Path) -> Publication:
    """Publish schema `marts` of a home's warehouse.

    Readers of the old file keep it until they open the path again; no reader ever waits or is
    waited for. The caller holds the writer's turn.

    Raises:
        LedgerError: Facts are not finished, or the copy differs from the warehouse; what was
            published before stays in place.
    """
    published = home / "published"
    building = published / ".building"
    shutil.rmtree(building, ignore_errors=True)
    (building / "parquet").mkdir(parents=True)
    copy = building / PUBLISHED_NAME
    with connect(home) as connection:
        due = facts_due(connection)
        if due:
            raise LedgerError(
                f"the facts of {len(due)} dates (first {due[0]}) are not finished or failed a "
                "check; nothing is published until they pass"
            )
        unloaded = set(CaptureStore(home / "captures").dates()) - loaded_dates(connection)
        if unloaded:
            raise LedgerError(
                f"{len(unloaded)} captures (first {min(unloaded)}) are not in the warehouse; "
                "nothing is published until the ledger is materialized"
            )
        tables = _tables(connection)
        counts = _copy(connection, tables, copy, building / "parquet")
        captures = _captures(connection)
        if not any(capture["verdict"] == ADMITTED for capture in captures):
            raise LedgerError("no capture counts yet: there is nothing to publish")
        sampled = any(capture["sample"] for capture in captures) or _has_sampled_arena(connection)
        definitions = dict(
            connection.execute(
                "select definition, version from marts.dim_definition order by all"
            ).fetchall()
        )
    _verify(copy, counts)
    manifest = {
        "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "sample": sampled,
        "captures": captures,
        "tables": counts,
        "definitions": definitions,
        "storage_version": STORAGE_VERSION,
        "software": {
            name: version(name) for name in ("hub-ledger", "duckdb", "dbt-core", "dagster")
        },
        "files": {
            str(path.relative_to(building)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(building.rglob("*"))
            if path.is_file()
        },
    }
    (building / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _replace(building, published)
    path = published / PUBLISHED_NAME
    return Publication(path, path.stat().st_size, counts, bool(manifest["sample"]))


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        """
        select table_name from information_schema.tables
        where table_catalog = current_database() and table_schema = $schema
        order by table_name
        """,
        {"schema": SCHEMA},
    ).fetchall()
    if not rows:
        raise LedgerError("the warehouse holds no marts yet; materialize the facts first")
    return [row[0] for row in rows]


def _copy(
    connection: duckdb.DuckDBPyConnection, tables: list[str], copy: Path, parquet: Path
) -> dict[str, int]:
    """Copy tables with their comments; rows by table. Table names are dbt's, never the Hub's."""
    source = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute(
        f"attach {_text(copy)} as published (storage_version {_text(STORAGE_VERSION)})"
    )
    connection.execute(f"create schema published.{SCHEMA}")
    counts = {}
    for table in tables:
        name = f'{SCHEMA}."{table}"'
        connection.execute(f"create table published.{name} as from {source}.{name} order by all")
        counts[table] = _count(connection, f"published.{name}")
        for column, comment in connection.execute(
            """
            select null, comment from duckdb_tables()
            where database_name = $database and schema_name = $schema and table_name = $table
            union all
            select column_name, comment from duckdb_columns()
            where database_name = $database and schema_name = $schema and table_name = $table
            """,
            {"database": source, "schema": SCHEMA, "table": table},
        ).fetchall():
            what = f'column published.{name}."{column}"' if column else f"table published.{name}"
            connection.execute(f"comment on {what} is {_text(comment or '')}")
        target = _text(parquet / f"{table}.parquet")
        connection.execute(f"copy published.{name} to {target} (format parquet, compression zstd)")
    connection.execute("checkpoint published")
    connection.execute("detach published")
    return counts


def _verify(copy: Path, counts: dict[str, int]) -> None:
    """Open the copy as a reader would, before anyone can."""
    with duckdb.connect(copy, read_only=True) as connection:
        for table, expected in counts.items():
            found = _count(connection, f'{SCHEMA}."{table}"')
            if found != expected:
                raise LedgerError(
                    f"the copy of {table} holds {found} rows instead of {expected}; not published"
                )


def _captures(connection: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    rows = connection.execute(
        "select date, source, sample, models, items_sha256, verdict from marts.meta_captures "
        "order by date"
    ).fetchall()
    names = ("date", "source", "sample", "models", "items_sha256", "verdict")
    return [dict(zip(names, (str(row[0]), *row[1:]), strict=True)) for row in rows]


def _has_sampled_arena(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "select count(sample) from marts.meta_arena_tables"
    return bool(connection.execute(query).fetchall()[0][0])


def _replace(building: Path, published: Path) -> None:
    """Move every file over its old self, the manifest last: it names what the others must be."""
    files = sorted(path for path in building.rglob("*") if path.is_file())
    files.sort(key=lambda path: path.name == "manifest.json")
    for path in files:
        path.chmod(0o444)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        target = published / path.relative_to(building)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
    current = {path.relative_to(building) for path in files}
    for old in (published / "parquet").glob("*.parquet"):
        if old.relative_to(published) not in current:
            old.unlink()
    shutil.rmtree(building)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text(value: object) -> str:
    """A SQL string literal, for the statements that take no parameters."""
    return "'" + str(value).replace("'", "''") + "'"
