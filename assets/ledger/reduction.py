"""Old captures reduced to what tells them apart from an earlier one, and read again from it.

Belongs here: the reduced form on disk, which loads like the full one. Does not belong here: sealed
files (see `assets.captures.store`), loading.

A reduced capture names its base, an earlier reduced capture, and holds five Parquet files: `new`
(models that the base does not list, all columns), `gone` (models that only the base lists),
`attributes`, `updates` and `counters` (of models in both, where they differ). A model in both is
named by its place in the base, ordered by `_id`. Counters are differences; a missing one counts as
0 in the base and stays NULL in the difference.
"""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from assets.captures.store import CaptureStore, Reduction, write_reduction
from assets.errors import LedgerError
from assets.ledger.rows import (
    ATTENTION,
    ATTRIBUTES,
    COLUMNS,
    COUNTERS,
    LINEAGE,
    UPDATES,
    read_items,
)

_COUNTS = ("downloads", "downloads_all_time", "likes")
_FILES = ("new", "gone", "attributes", "updates", "counters")


def reduce_captures(
    connection: duckdb.DuckDBPyConnection, store: CaptureStore, before: dt.date
) -> list[Reduction]:
    """Reduce every loaded capture older than a date that is still kept in full.

    A capture's rows are removed only after the reduced form, read back from disk, gave exactly the
    rows that the sealed file holds.

    Args:
        connection: The warehouse; the captures are loaded.
        store: Where captures are kept.
        before: Captures of this date and later stay as they are.

    Raises:
        LedgerError: The reduced form of a capture does not give back its rows, or the ledger
            holds another capture of a date than the folder; everything stays as it is.
    """
    loaded = dict(connection.execute("select date, items_sha256 from raw.captures").fetchall())
    for date in store.dates():
        if date in loaded and store.manifest(date).items_sha256 != loaded[date]:
            raise LedgerError(
                f"the ledger holds another capture of {date} than {store.folder(date)}; "
                "run make rebuild"
            )
    return [
        _reduce(connection, store, date)
        for date in store.dates()
        if date < before and date in loaded and not store.is_reduced(date)
    ]


def read_reduced(connection: duckdb.DuckDBPyConnection, store: CaptureStore, date: dt.date) -> int:
    """Give back a reduced capture's rows as the temporary table `listed`; how many there are.

    Raises:
        LedgerError: Its base is not in the ledger, or the rows are not as many as there were.
    """
    reduction = store.reduction(date)
    if reduction.base is not None:
        base = connection.execute(
            "select 1 from raw.captures where date = $date", {"date": reduction.base}
        ).fetchone()
        if base is None:
            raise LedgerError(
                f"the capture of {date} builds on that of {reduction.base}, which is not in the "
                "ledger; run make rebuild"
            )
    _base(connection, reduction.base)
    connection.execute(
        f"create or replace temp table listed as {_PATCHED}", _paths(store.reduced_folder(date))
    )
    connection.execute("drop table base")
    (rows,) = connection.execute("select count(*) from listed").fetchall()[0]
    if rows != reduction.models:
        raise LedgerError(
            f"{store.reduced_folder(date)} gives {rows} models instead of {reduction.models}; "
            "restore captures from a backup and run make rebuild"
        )
    return int(rows)


def _reduce(connection: duckdb.DuckDBPyConnection, store: CaptureStore, date: dt.date) -> Reduction:
    store.verify(date)
    read_items(connection, store.items_path(date))
    connection.execute("alter table listed rename to sealed")
    base = max((d for d in store.dates() if d < date and store.is_reduced(d)), default=None)
    building = store.folder(date) / "reduced.tmp"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    _base(connection, base)
    _write_differences(connection, building)
    same = " and ".join(f"sealed.{name} is not distinct from given.{name}" for name in COLUMNS)
    models, different = connection.execute(
        f"""
        select count(sealed.hub_id), count(*) filter (not ({same}))
        from sealed full join ({_PATCHED}) as given on sealed.hub_id = given.hub_id
        """,
        _paths(building),
    ).fetchall()[0]
    connection.execute("drop table base; drop table sealed")
    if different:
        shutil.rmtree(building)
        raise LedgerError(
            f"reducing the capture of {date} would lose rows ({different} differ); it stays as it "
            "is: please report it"
        )
    return write_reduction(store, date, building, base, int(models))


def _write_differences(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write what tells `sealed` from `base`."""
    states = (*ATTRIBUTES, *LINEAGE)
    differences = [f"sealed.{name} - coalesce(base.{name}, 0) as {name}" for name in _COUNTS]
    for name, query in {
        "new": f"""
            select {", ".join(COLUMNS)} from sealed anti join base using (hub_id) order by hub_id
        """,
        "gone": """
            select base.place from base anti join sealed using (hub_id) order by base.place
        """,
        "attributes": _differing(states, [f"sealed.{name}" for name in states]),
        "updates": _differing(UPDATES, [f"sealed.{name}" for name in UPDATES]),
        "counters": _differing((*COUNTERS, *ATTENTION), [*differences, "sealed.trending_score"]),
    }.items():
        target = str(folder / f"{name}.parquet").replace("'", "''")
        connection.execute(
            f"copy ({query}) to '{target}' (format parquet, parquet_version v2, "
            "compression zstd, compression_level 9)"
        )


def _differing(columns: Sequence[str], shown: Sequence[str]) -> str:
    unlike = " or ".join(f"sealed.{name} is distinct from base.{name}" for name in columns)
    return f"""
        select base.place, {", ".join(shown)} from sealed join base using (hub_id)
        where {unlike} order by base.place
    """


def _paths(folder: Path) -> dict[str, str]:
    return {name: str(folder / f"{name}.parquet") for name in _FILES}


def _base(connection: duckdb.DuckDBPyConnection, base: dt.date | None) -> None:
    """Write the base's rows with their places into the temporary table `base`."""
    # Places are told to ids alone: a window would hold the whole rows in memory.
    connection.execute(
        """
        create or replace temp table base as
        with places as materialized (
            select models.hub_id, (row_number() over (order by models.hub_id) - 1)::integer as place
            from raw.counters_on($date) as counters
            join raw.models as models on counters.model_key = models.model_key
        )

        select held.*, places.place
        from raw.models_on($date) as held
        join places on held.hub_id = places.hub_id
        """,
        {"date": base or dt.date.min},
    )


def _patched() -> str:
    """The query that applies the files of a reduced form to the table `base`."""
    changed = [
        f"case when {file}.place is null then base.{name} else {file}.{name} end as {name}"
        for file, columns in (("attributes", (*ATTRIBUTES, *LINEAGE)), ("updates", UPDATES))
        for name in columns
    ]
    counted = [
        f"case when counters.place is null then base.{name} "
        f"else coalesce(base.{name}, 0) + counters.{name} end as {name}"
        for name in _COUNTS
    ]
    return f"""
        select {", ".join(COLUMNS)}
        from (
            select
                base.hub_id,
                {", ".join(changed)},
                {", ".join(counted)},
                case when counters.place is null then base.trending_score
                    else counters.trending_score end as trending_score
            from base
            anti join read_parquet($gone) as gone on base.place = gone.place
            left join read_parquet($attributes) as attributes on base.place = attributes.place
            left join read_parquet($updates) as updates on base.place = updates.place
            left join read_parquet($counters) as counters on base.place = counters.place
        )
        union all
        select {", ".join(COLUMNS)} from read_parquet($new)
    """


_PATCHED = _patched()
