"""Bytes that a date costs for ever, beside its counters alone as plain Parquet.

Belongs here: an old capture's reduced form, the ledger's growth. Does not belong here: what is kept
for some weeks only (full captures, previous publications), facts, which can be computed anew.
"""

import datetime as dt
import shutil
from pathlib import Path

from benchmarks.measure import Figures, child, tell
from benchmarks.site import FIRST, Site
from benchmarks.table import Figure, Row

_DATES = [FIRST + dt.timedelta(days=number) for number in range(16)]
# On the first of them the dates from which on open states hold are all alike, and take no room.
_SETTLED = 12


def reduce(home: str, base: str) -> Figures:
    """Reduce the captures from a date on, which stands by itself; bytes of those after it."""
    from assets.captures.store import CaptureStore
    from assets.ledger.reduction import reduce_captures
    from assets.ledger.warehouse import connect

    store, first = CaptureStore(Path(home) / "captures"), dt.date.fromisoformat(base)
    for date in store.dates():
        if date < first:
            shutil.rmtree(store.folder(date))
    with connect(Path(home)) as connection:
        reduce_captures(connection, store, dt.date.max)
    later = [date for date in store.dates() if date > first]
    kept = [path for date in later for path in store.folder(date).rglob("*") if path.is_file()]
    return {"bytes": sum(path.stat().st_size for path in kept)}


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
    """What each of the last dates added."""
    home = site.home("storage")
    hub = site.generated("storage-hub", len(_DATES))
    child("night", "land", home, hub)
    site.forget(hub)
    for date in _DATES[:_SETTLED]:
        child("load", "ours", home, date)
    before = child("storage", "ledger", home).said["bytes"]
    for date in _DATES[_SETTLED:]:
        child("load", "ours", home, date)
    later = len(_DATES[_SETTLED:])
    grown = (child("storage", "ledger", home).said["bytes"] - before) / later
    last = _DATES[-1]
    floor = child("storage", "dense", home, last, site.folder / "dense.parquet").said["bytes"]
    capture = child("storage", "reduce", home, _DATES[_SETTLED - 1]).said["bytes"] / later
    site.forget(home)
    counters = "counters of the date, a row a model, Parquet v2 zstd"
    return [
        Row("record of a date, kept for ever", _mb(capture + grown), counters, _mb(floor), "4 MB"),
        Row("of it the capture, reduced", _mb(capture), counters, _mb(floor)),
        Row("of it the ledger's growth", _mb(grown), counters, _mb(floor)),
    ]


def _mb(size: float) -> Figure:
    return Figure((size / 1e6,), "MB")


if __name__ == "__main__":
    tell({"reduce": reduce, "ledger": ledger, "dense": dense})
