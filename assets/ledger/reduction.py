"""Old captures reduced to what tells them apart from an earlier one, and read again from it.

Belongs here: the reduced form on disk, which loads like the full one. Does not belong here: sealed
files (see `assets.captures.store`), loading.

A reduced capture names its base, an earlier reduced capture, and holds Parquet files: `new` (models
that the base does not list, all columns), `gone` (models that only the base lists), `counters` and
one for each other column (of models in both, where they differ). A model in both is named by its
place in the base, ordered by `_id`. Counts are differences; a missing one counts as 0 in the base
and stays NULL in the difference.
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
    CARDS,
    COLUMNS,
    COUNTERS,
    LINEAGE,
    NAMES,
    UPDATES,
    read_items,
)

_COUNTS = ("downloads", "downloads_all_time", "likes")
_SINGLE = (*NAMES, *CARDS, *UPDATES, *LINEAGE, *ATTENTION)
_FORMAT = 2
# Which columns of models in both lie in which file. Captures that the first version reduced stay.
_FORMATS: dict[int, dict[str, Sequence[str]]] = {
    1: {
        "attributes": (*NAMES, *CARDS, *LINEAGE),
        "updates": UPDATES,
        "counters": (*COUNTERS, *ATTENTION),
    },
    2: {"counters": COUNTERS, **{name: (name,) for name in _SINGLE}},
}


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
        LedgerError: Its base is not in the ledger, a later version reduced it, or the rows are not
            as many as there were.
    """
    reduction = store.reduction(date)
    if reduction.format not in _FORMATS:
        raise LedgerError(
            f"{store.reduced_folder(date)} is of format {reduction.format}, written by a later "
            "version of the ledger; run that version"
        )
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
        f"create or replace temp table listed as {_patched(reduction.format)}",
        _paths(store.reduced_folder(date), reduction.format),
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
    # The first capture is all new: minutes, at the level that the differences of a night bear.
    _write_differences(connection, building, level=19 if base else 9)
    same = " and ".join(f"sealed.{name} is not distinct from given.{name}" for name in COLUMNS)
    models, different = connection.execute(
        f"""
        select count(sealed.hub_id), count(*) filter (not ({same}))
        from sealed full join ({_patched(_FORMAT)}) as given on sealed.hub_id = given.hub_id
        """,
        _paths(building, _FORMAT),
    ).fetchall()[0]
    connection.execute("drop table base; drop table sealed")
    if different:
        shutil.rmtree(building)
        raise LedgerError(
            f"reducing the capture of {date} would lose rows ({different} differ); it stays as it "
            "is: please report it"
        )
    return write_reduction(store, date, building, base, int(models), _FORMAT)


def _write_differences(connection: duckdb.DuckDBPyConnection, folder: Path, level: int) -> None:
    """Write what tells `sealed` from `base`, compressed at a level of zstd."""
    kept = [name for name in COLUMNS if name != "hub_id"]
    unlike = {name: f"sealed.{name} is distinct from base.{name}" for name in kept}
    shown = [f"{_difference(name)} as {name}, {unlike[name]} as {name}_differs" for name in kept]
    connection.execute(
        f"""
        create or replace temp table differing as
        select base.place, {", ".join(shown)}
        from sealed join base using (hub_id)
        where {" or ".join(unlike.values())}
        """
    )
    queries = {
        "new": f"select {', '.join(COLUMNS)} from sealed anti join base using (hub_id) "
        "order by hub_id",
        "gone": "select place from base anti join sealed using (hub_id) order by place",
    }
    for file, columns in _FORMATS[_FORMAT].items():
        differs = " or ".join(f"{name}_differs" for name in columns)
        queries[file] = (
            f"select place, {', '.join(columns)} from differing where {differs} order by place"
        )
    for file, query in queries.items():
        target = str(folder / f"{file}.parquet").replace("'", "''")
        connection.execute(
            f"copy ({query}) to '{target}' (format parquet, parquet_version v2, "
            f"compression zstd, compression_level {level})"
        )
    connection.execute("drop table differing")


def _difference(column: str) -> str:
    if column in _COUNTS:
        return f"sealed.{column} - coalesce(base.{column}, 0)"
    return f"sealed.{column}"


def _paths(folder: Path, form: int) -> dict[str, str]:
    return {name: str(folder / f"{name}.parquet") for name in ("new", "gone", *_FORMATS[form])}


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


def _patched(form: int) -> str:
    """The query that applies the files of a reduced form to the table `base`."""
    files = _FORMATS[form]
    changed = [
        f"case when of_{file}.place is null then base.{name} "
        f"else {_applied(file, name)} end as {name}"
        for file, columns in files.items()
        for name in columns
    ]
    joins = [
        f"left join read_parquet(${file}) as of_{file} on base.place = of_{file}.place"
        for file in files
    ]
    return f"""
        select {", ".join(COLUMNS)}
        from (
            select base.hub_id, {", ".join(changed)}
            from base
            anti join read_parquet($gone) as gone on base.place = gone.place
            {" ".join(joins)}
        )
        union all
        select {", ".join(COLUMNS)} from read_parquet($new)
    """


def _applied(file: str, column: str) -> str:
    if column in _COUNTS:
        return f"coalesce(base.{column}, 0) + of_{file}.{column}"
    return f"of_{file}.{column}"
