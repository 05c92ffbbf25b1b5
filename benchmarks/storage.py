"""Bytes that a date costs for ever, beside its counters alone as plain Parquet.

Belongs here: an old capture's reduced form, the ledger's growth. Does not belong here: what is kept
for some weeks only (full captures, previous publications).
"""

import datetime as dt
import shutil
from pathlib import Path

from benchmarks.measure import Figures, child, tell
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Figure, Row


def reduce(home: str, date: str) -> Figures:
    """Reduce all captures of a home; bytes of the reduced form of a date."""
    from assets.captures.store import CaptureStore
    from assets.ledger.reduction import reduce_captures
    from assets.ledger.warehouse import connect

    store, day = CaptureStore(Path(home) / "captures"), dt.date.fromisoformat(date)
    with connect(Path(home)) as connection:
        reduce_captures(connection, store, day + dt.timedelta(days=1))
    kept = store.folder(day).rglob("*")
    return {"bytes": sum(path.stat().st_size for path in kept if path.is_file())}


def ledger(home: str) -> Figures:
    """Bytes of the ledger's tables, written anew so that no free space counts."""
    from assets.ledger.warehouse import connect

    beside = Path(home) / "ledger-alone.duckdb"
    with connect(Path(home)) as connection:
        connection.execute(f"attach '{beside}' as alone")
        tables = connection.execute(
            "select table_name from duckdb_tables() "
            "where schema_name = 'raw' and database_name = current_database()"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"create table alone.{table} as from raw.{table}")
        connection.execute("checkpoint alone; detach alone")
    size = beside.stat().st_size
    beside.unlink()
    return {"bytes": size}


def dense(home: str, date: str, file: str) -> Figures:
    """Bytes of a date's counters, a row a model, in Parquet at its smallest."""
    from assets.ledger.warehouse import connect

    with connect(Path(home), read_only=True) as connection:
        connection.execute(
            f"""
            copy (from raw.counters_on(date '{date}') order by model_key) to '{file}'
            (format parquet, parquet_version v2, compression zstd, compression_level 9)
            """
        )
    return {"bytes": Path(file).stat().st_size}


def rows(site: Site) -> list[Row]:
    """What the second date added."""
    home = site.home("storage", FIRST)
    site.link(home, SECOND)
    shutil.copy(site.second.home / "warehouse.duckdb", home)
    capture = child("storage", "reduce", home, SECOND).said["bytes"]
    after = child("storage", "ledger", home).said["bytes"]
    before = child("storage", "ledger", site.first.home).said["bytes"]
    floor = child("storage", "dense", home, SECOND, site.folder / "dense.parquet").said["bytes"]
    site.forget(home)
    counters = "counters of the date, a row a model, Parquet v2 zstd"
    grown = after - before
    return [
        Row("kept for ever of a date", _mb(capture + grown), counters, _mb(floor), "4 MB"),
        Row("of it the capture, reduced", _mb(capture), counters, _mb(floor)),
        Row("of it the ledger's growth", _mb(grown), counters, _mb(floor)),
    ]


def _mb(size: int) -> Figure:
    return Figure((size / 1e6,), "MB")


if __name__ == "__main__":
    tell({"reduce": reduce, "ledger": ledger, "dense": dense})
