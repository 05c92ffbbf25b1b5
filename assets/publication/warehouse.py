"""The published files: built beside, verified, then put in place of the old ones by one rename.

Belongs here: what is copied, in which form and order, the checks before it replaces anything, how
long previous nights stay. Does not belong here: the report.

Each publication is a folder of its own that never changes, ``published/nights/<UTC time>/``. What
readers open (``hub_ledger.duckdb``, ``parquet``, ``csv``, ``docs``, ``manifest.json``) are links
through ``published/latest``, and ``latest`` alone is replaced.
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl

from assets.captures.admission import ADMITTED
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.facts.project import descriptions
from assets.ledger.due import facts_due, unchecked
from assets.ledger.load import loaded_dates
from assets.ledger.warehouse import connect, warehouse_path
from assets.publication.docs_page import docs_page
from assets.publication.spreadsheets import as_csv

PUBLISHED_NAME = "hub_ledger.duckdb"
# What BI tools ship opens it; DuckDB's own default is closed to every client but the newest.
STORAGE_VERSION = "v1.4.0"
SCHEMA = "marts"
CSV_ROWS = 100_000
"""Tables of more rows have no CSV: spreadsheets are the ones who need it, and end near there."""

# Rows lie in the order of the contract's columns, which begins with the date or the unit. Where
# queries choose scope and attribution first, those go first: measured in docs/decisions.md. Tables
# of millions of models stay as they lie, by model or by month and model.
_AS_THEY_LIE = frozenset(
    {
        "bridge_model_family",
        "bridge_model_parent",
        "bridge_model_scope",
        "dim_model_history",
        "fct_model_derivatives",
        "fct_model_downloads_monthly",
    }
)
_ORDER = {
    "dim_model": "repo_id, hub_id",
    "fct_family_share_daily": "scope, attribution, basis, variant, date, family",
    "fct_rank_history": (
        "grain, unit_type, scope, attribution, metric, period, rank_ordinal, unit"
    ),
}
# Tables that grow for ever are published by the month of this column: a month that is as it was is
# carried over from the night before, and has a Parquet file of its own. By name and not by size, so
# that no path changes on the night on which a table becomes large.
_MONTHS_OF = {
    "fct_family_share_daily": "date",
    "fct_model_derivatives": "month",
    "fct_model_downloads_monthly": "month",
    "fct_rank_history": "period",
}
# A month that no run of dbt renewed is read again once in so many nights, whatever the runs say.
_PROOF_NIGHTS = 30
_LINKS = (PUBLISHED_NAME, "parquet", "csv", "docs", "manifest.json")
_BUILDING = ".building"
NIGHT = "%Y-%m-%dT%H%M%S.%fZ"
_COPY_BYTES = 1 << 30
# A query that began on a publication of today must not lose it to the next one.
_GRACE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Publication:
    """What was published: the file, its size in bytes, and rows by table.

    `fault` says why nothing could be carried over from the publication before, where it should
    have been; empty where that was as it says.
    """

    path: Path
    bytes: int
    tables: dict[str, int]
    sample: bool
    fault: str = ""


@dataclass(frozen=True)
class _Content:
    """Rows of a part of a table, and the sum of their hashes, which their order does not change."""

    rows: int
    hashes: int


_Contents = dict[str, _Content]
"""What a table holds by month (``2026-03``), where it is published so; else as a whole (``""``)."""


@dataclass(frozen=True)
class _Months:
    """Which months have to be read: from one on, and single ones before it."""

    first: dt.date
    proofs: tuple[dt.date, ...] = ()

    def read(self, month: str) -> bool:
        """Whether a month (``2026-03``) is one of them; all rows of a table without months are."""
        date = _first_day(month) if month else dt.date.max
        return date >= self.first or date in self.proofs

    def among(self, column: str) -> str:
        """As a condition."""
        ranges = [f"{column} >= date '{self.first}'"]
        ranges += [_within(column, month) for month in self.proofs]
        return " or ".join(f"({part})" for part in ranges)


def _first_day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _within(column: str, month: dt.date) -> str:
    """A month as a condition; a range, so that a scan skips the others."""
    following = (month + dt.timedelta(days=31)).replace(day=1)
    return f"{column} >= date '{month}' and {column} < date '{following}'"


_ALL_MONTHS = _Months(dt.date.min)


@dataclass(frozen=True)
class _Previous:
    """What is published now: its folder, and what its manifest says.

    `renewal` is the last run of dbt whose facts it has.
    """

    folder: Path
    files: dict[str, str]
    contents: dict[str, _Contents]
    renewal: str

    @property
    def night(self) -> str:
        """The name that its Parquet files have in their paths."""
        return self.folder.name


def publish(home: Path) -> Publication:
    """Publish schema `marts` of a home's warehouse.

    Readers of the old file keep it until they open the path again; no reader ever waits or is
    waited for. The caller holds the writer's turn.

    Raises:
        LedgerError: Facts are not finished, or the copy differs from the warehouse; what was
            published before stays in place.
    """
    with removed_on_failure(home / "published" / _BUILDING):
        return _publish(home)


@contextlib.contextmanager
def removed_on_failure(building: Path) -> Iterator[None]:
    """Leave no half of what fails: on a full disk it would be what keeps it full."""
    try:
        yield
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _publish(home: Path) -> Publication:
    published = home / "published"
    now = dt.datetime.now(dt.UTC)
    night = now.strftime(NIGHT)
    with connect(home) as connection:
        if reason := _unfinished(home, connection):
            raise LedgerError(reason)
        tables = _tables(connection)
        captures = _captures(connection)
        if not any(capture["verdict"] == ADMITTED for capture in captures):
            raise LedgerError("no capture counts yet: there is nothing to publish")
        sampled = any(capture["sample"] for capture in captures) or _has_sampled_arena(connection)
        definitions = dict(
            connection.execute(
                "select definition, version from marts.dim_definition order by all"
            ).fetchall()
        )
        (renewal,) = connection.execute(
            "select arg_max(renewal, number) from intermediate.int_renewals"
        ).fetchall()[0]
    previous, fault = _previous(published), ""
    try:
        building, contents, sums = _build(home, tables, night, previous, renewal)
    except (LedgerError, duckdb.Error, OSError) as error:
        if not previous:
            raise
        # Whatever befell what lies there, a night written anew does not depend on it.
        fault = f"{previous.night} could not be built on: {error}".splitlines()[0]
        building, contents, sums = _build(home, tables, night, None, renewal)
    counts = {table: _rows(content) for table, content in contents.items()}
    manifest = {
        "published_at": now.isoformat(timespec="seconds"),
        # What never changes: every file below it, even after the next publication.
        "folder": f"nights/{night}",
        "sample": sampled,
        "captures": captures,
        "tables": counts,
        "definitions": definitions,
        "storage_version": STORAGE_VERSION,
        "software": {
            name: version(name) for name in ("hub-ledger", "duckdb", "dbt-core", "dagster")
        },
        "files": {
            name: {"bytes": path.stat().st_size, "sha256": sums.get(name) or _sha256(path)}
            for path in sorted(building.rglob("*"))
            if path.is_file()
            for name in [str(path.relative_to(building))]
        },
        # What the next publication compares with; hashes are those of this version of DuckDB.
        "contents": {
            table: {month: [part.rows, str(part.hashes)] for month, part in content.items()}
            for table, content in contents.items()
        },
        "renewal": renewal,
    }
    (building / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    put_in_place(building, published, night)
    path = published / PUBLISHED_NAME
    return Publication(path, path.stat().st_size, counts, sampled, fault)


def _previous(published: Path) -> _Previous | None:
    """What can be carried over from what is published; None where its hashes would not compare."""
    try:
        manifest = json.loads((published / "latest" / "manifest.json").read_text())
        if (
            manifest["storage_version"] != STORAGE_VERSION
            or manifest["software"]["duckdb"] != version("duckdb")
            or manifest["software"]["hub-ledger"] != version("hub-ledger")
        ):
            return None
        return _Previous(
            published / manifest["folder"],
            {name: about["sha256"] for name, about in manifest["files"].items()},
            {
                table: {month: _Content(rows, int(hashes)) for month, (rows, hashes) in of.items()}
                for table, of in manifest["contents"].items()
            },
            manifest["renewal"],
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        # There is none yet, or it is not one of this version's.
        return None


def _build(
    home: Path, tables: list[str], night: str, previous: _Previous | None, renewal: str
) -> tuple[Path, dict[str, _Contents], dict[str, str]]:
    """Everything but the manifest in a folder of its own, compared with the warehouse.

    Returns:
        The folder, what each table holds, and the SHA-256 of the large files.

    Raises:
        LedgerError: What is carried over is not as it was published, or the copy differs.
    """
    building = home / "published" / _BUILDING
    # Where a publication was killed, what it left goes here.
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    copy = building / PUBLISHED_NAME
    # Bytes are summed and sent to the disk beside DuckDB's work, which seldom takes all cores: they
    # are gigabytes after some years.
    with ThreadPoolExecutor(1) as beside:
        intact = beside.submit(_require_intact, previous, PUBLISHED_NAME) if previous else None
        with connect(home) as connection:
            months = _months(connection, previous)
            contents, read, alike = _copy(connection, tables, copy, previous, months, renewal)
        sums = {PUBLISHED_NAME: beside.submit(_settled, copy)}
        # Opened as a reader would, before anyone can.
        with duckdb.connect(copy, read_only=True) as connection:
            for table, content in contents.items():
                expected = {
                    month: part for month, part in content.items() if read[table].read(month)
                }
                found = _contents(
                    connection, f'{SCHEMA}."{table}"', _MONTHS_OF.get(table), read[table]
                )
                _verify(f"the copy of {table}", expected, found)
                base = previous if table in alike else None
                sums |= _write_parquet(connection, table, building, night, content, base, beside)
                if _rows(content) <= CSV_ROWS:
                    _write_csv(connection, table, building / "csv" / f"{table}.csv", _rows(content))
            (building / "docs").mkdir()
            (building / "docs" / "index.html").write_text(docs_page(connection))
        if intact:
            intact.result()
        return building, contents, {name: one.result() for name, one in sums.items()}


def put_in_place(building: Path, published: Path, night: str) -> None:
    """Make a finished folder what readers open, in one step: file, twins and manifest alike.

    Args:
        building: The folder, on the same disk; it is moved away.
        published: Where readers look.
        night: The folder's name from now on; none of that name lies there.
    """
    nights = published / "nights"
    nights.mkdir(exist_ok=True)
    seal(building)
    building.rename(nights / night)
    _sync(nights)
    link(published / "latest", f"nights/{night}")
    for name in _LINKS:
        link(published / name, f"latest/{name}")
    _sync(published)


def forget_nights(home: Path, keep_days: int, now: dt.datetime | None = None) -> None:
    """Remove previous publications, but the last one of each of the last days.

    The newest one stays however old it is, and so does what is not an hour old.

    Args:
        home: The ledger's home.
        keep_days: Days (UTC) before today of which the last publication stays.
        now: The present time, UTC.
    """
    now = now or dt.datetime.now(dt.UTC)
    published = home / "published"
    newest = (published / "latest").readlink().name
    removing = published / ".removing"
    shutil.rmtree(removing, ignore_errors=True)
    by_date: dict[dt.date, list[tuple[dt.datetime, Path]]] = {}
    for folder in (published / "nights").iterdir():
        # What has another name is not ours: a file manager's, say.
        with contextlib.suppress(ValueError):
            at = dt.datetime.strptime(folder.name, NIGHT).replace(tzinfo=dt.UTC)
            by_date.setdefault(at.date(), []).append((at, folder))
    for date, of_date in by_date.items():
        last = max(of_date)
        for at, folder in of_date:
            is_kept = (at, folder) == last and (now.date() - date).days <= keep_days
            if folder.name != newest and now - at > _GRACE and not is_kept:
                # At once under another name: nobody finds a half of it.
                folder.rename(removing)
                shutil.rmtree(removing)


def _months(connection: duckdb.DuckDBPyConnection, previous: _Previous | None) -> _Months:
    """Those that runs of dbt since the previous publication renewed, and those whose turn it is."""
    if not previous:
        return _ALL_MONTHS
    held, first = connection.execute(
        """
        with published as (
            select number from intermediate.int_renewals where renewal = $renewal
        )

        select
            (select count(*) from published),
            min(first_month) filter (where number > (select number from published))
        from intermediate.int_renewals
        """,
        {"renewal": previous.renewal},
    ).fetchall()[0]
    if not held:
        return _ALL_MONTHS
    today = dt.datetime.now(dt.UTC).toordinal()
    known = {_first_day(month) for of in previous.contents.values() for month in of if month}
    turn = [day for day in known if (day.year * 12 + day.month - today) % _PROOF_NIGHTS == 0]
    return _Months(first or dt.date.max, tuple(sorted(turn)))


def _contents(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    column: str | None = None,
    months: _Months = _ALL_MONTHS,
) -> _Contents:
    month, within = "null", "true"
    if column:
        month, within = f"date_trunc('month', {column})", months.among(column)
    rows = connection.execute(
        f"select {month}, count(*), sum(hash(*columns(*))) from {source} where {within} group by 1"
    ).fetchall()
    return {
        f"{first:%Y-%m}" if first else "": _Content(count, hashes) for first, count, hashes in rows
    }


def _rows(contents: _Contents) -> int:
    return sum(part.rows for part in contents.values())


def _verify(what: str, expected: _Contents, found: _Contents) -> None:
    if found != expected:
        raise LedgerError(
            f"{what} differs from the warehouse ({_rows(found)} rows, {_rows(expected)} expected); "
            "not published"
        )


def is_finished(home: Path) -> bool:
    """Whether all captures are loaded and their facts finished: what can be published.

    The caller holds the writer's turn.
    """
    if not warehouse_path(home).exists():
        return False
    with connect(home) as connection:
        return _unfinished(home, connection) is None


def _unfinished(home: Path, connection: duckdb.DuckDBPyConnection) -> str | None:
    """Why nothing can be published yet."""
    due = facts_due(connection)
    if due:
        return (
            f"the facts of {len(due)} dates (first {due[0]}) are not finished or failed a "
            "check; nothing is published until they pass: run the job from_captures"
        )
    failed = unchecked(connection)
    if failed:
        return (
            f"{len(failed)} tables were made by a run of some facts only, or by one that did not "
            "pass all checks; nothing is published until they pass: mend what a check names, then "
            "run the job from_captures (make claims does)"
        )
    unloaded = set(CaptureStore(home / "captures").dates()) - loaded_dates(connection)
    if unloaded:
        return (
            f"{len(unloaded)} captures (first {min(unloaded)}) are not in the warehouse; "
            "nothing is published until the ledger is materialized"
        )
    return None


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
    connection: duckdb.DuckDBPyConnection,
    tables: list[str],
    copy: Path,
    previous: _Previous | None,
    months: _Months,
    renewal: str,
) -> tuple[dict[str, _Contents], dict[str, _Months], set[str]]:
    """Copy tables, and comment them.

    Returns:
        What the warehouse holds of each table, which months of it were read for that, and which
        tables have what was published before, as a whole or by month.
    """
    source = connection.execute("select current_database()").fetchall()[0][0]
    if previous:
        _copy_file(previous.folder / PUBLISHED_NAME, copy)
    connection.execute(
        f"attach {_text(copy)} as published (storage_version {_text(STORAGE_VERSION)})"
    )
    connection.execute(f"create schema if not exists published.{SCHEMA}")
    held = _columns(connection, "published")
    columns = _columns(connection, source)
    stored = _stored(connection, source)
    alike = {
        table
        for table in held.keys() & columns.keys()
        if previous and table in previous.contents and held[table] == columns[table]
    }
    carried = alike & stored & _MONTHS_OF.keys()
    kept: dict[str, _Contents] = {}
    # A run of dbt leaves few large tables as they were, and to find out is to compute the views.
    if previous and previous.renewal == renewal:
        kept = _unchanged(connection, source, alike - _MONTHS_OF.keys(), previous)
    for table in held.keys() - carried - kept.keys():
        connection.execute(f'drop table published.{SCHEMA}."{table}"')
    # What was dropped makes room for what is written now.
    connection.execute("checkpoint published")
    described = descriptions(SCHEMA)
    contents, read = {}, {}
    for table in tables:
        # Table names are dbt's, never the Hub's.
        name = f'{SCHEMA}."{table}"'
        column = _MONTHS_OF.get(table)
        read[table] = months if table in carried else _ALL_MONTHS
        order = "" if table in _AS_THEY_LIE else f" order by {_ORDER.get(table, 'all')}"
        if table not in carried and table not in kept:
            connection.execute(f"create table published.{name} as from {source}.{name}{order}")
        # A view holds no rows that the copy could differ from: to read it again is to compute
        # millions of rows twice.
        held_by = source if table in stored else "published"
        found = kept.get(table) or _contents(connection, f"{held_by}.{name}", column, read[table])
        if previous and table in carried:
            before = previous.contents[table]
            unread = {month: part for month, part in before.items() if not months.read(month)}
            found |= unread
            for month in _changed(before, found):
                first = _first_day(month)
                if first < months.first:
                    raise LedgerError(f"{table} of {month} is another one, and no run renewed it")
                within = _within(_MONTHS_OF[table], first)
                connection.execute(f"delete from published.{name} where {within}")
                connection.execute(
                    f"insert into published.{name} from {source}.{name} where {within}{order}"
                )
        contents[table] = found
        _comment(connection, name, described.get(table, {}))
    connection.execute("checkpoint published")
    connection.execute("detach published")
    return contents, read, carried | kept.keys()


def _unchanged(
    connection: duckdb.DuckDBPyConnection, source: str, tables: set[str], previous: _Previous
) -> dict[str, _Contents]:
    """Those among tables without months that hold what was published, and what that is."""
    found = {
        table: _contents(connection, f'{source}.{SCHEMA}."{table}"') for table in sorted(tables)
    }
    return {
        table: content for table, content in found.items() if content == previous.contents[table]
    }


def _comment(
    connection: duckdb.DuckDBPyConnection, name: str, described: dict[str | None, str]
) -> None:
    """Say in the copy what a table and its columns are."""
    for column, text in described.items():
        what = f'column published.{name}."{column}"' if column else f"table published.{name}"
        connection.execute(f"comment on {what} is {_text(text)}")


def _changed(before: _Contents, after: _Contents) -> list[str]:
    """Months that are not as they were."""
    return sorted(
        month for month in before.keys() | after.keys() if before.get(month) != after.get(month)
    )


def _stored(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """The schema's tables that are not views."""
    rows = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = $database and schema_name = $schema",
        {"database": database, "schema": SCHEMA},
    ).fetchall()
    return {name for (name,) in rows}


def _columns(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    """Names and types of the columns of each table of the schema."""
    rows = connection.execute(
        """
        select table_name, list(column_name || ' ' || data_type order by column_index)
        from duckdb_columns() where database_name = $database and schema_name = $schema
        group by table_name
        """,
        {"database": database, "schema": SCHEMA},
    ).fetchall()
    return dict(rows)


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    building: Path,
    night: str,
    content: _Contents,
    previous: _Previous | None,
    beside: Executor,
) -> dict[str, Future[str]]:
    """Write a table's twin, a file a month where it grows for ever, and compare it.

    What is as it was published is carried over, if the table's columns are those of before.

    Every path has the night's name directly below the table. A reader lists folders through
    the link, then opens what it found: what was listed before the link changed is gone as a whole.
    With folders that each night has (`year=2026`) it would find one year and not the other.

    Returns:
        SHA-256 of the files, as they become known.
    """
    name, column = f'{SCHEMA}."{table}"', _MONTHS_OF.get(table)
    sums = {}
    for month in list(content) or [""]:
        of_night = (
            f"{night}/year={month[:4]}/{table}-{month}.parquet" if month else f"{night}.parquet"
        )
        file = f"parquet/{table}/{of_night}"
        path = building / file
        path.parent.mkdir(parents=True, exist_ok=True)
        part = {month: content[month]} if month in content else {}
        before = file.replace(night, previous.night, 1) if previous else ""
        if (
            previous
            and before in previous.files
            and previous.contents[table].get(month) == content.get(month)
        ):
            os.link(previous.folder / before, path)
            sums[file] = beside.submit(_require_intact, previous, before)
            continue
        within = f" where {_within(_MONTHS_OF[table], _first_day(month))}" if month else ""
        connection.execute(
            f"copy (from {name}{within}) to {_text(path)} "
            # DuckDB's own level, 3, takes longer, and what it writes of these tables is larger.
            "(format parquet, compression zstd, compression_level 1)"
        )
        twin = f"read_parquet({_text(path)}, hive_partitioning = false)"
        _verify(f"the Parquet of {table}", part, _contents(connection, twin, column))
        sums[file] = beside.submit(_settled, path)
    return sums


def _write_csv(connection: duckdb.DuckDBPyConnection, table: str, path: Path, rows: int) -> None:
    """Write a table for spreadsheets, and count it."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(as_csv(connection.sql(f'from {SCHEMA}."{table}"').pl()))
    found = pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item()
    if found != rows:
        raise LedgerError(f"the CSV of {table} holds {found} rows instead of {rows}; not published")


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


def link(path: Path, target: str) -> None:
    """Let a name lead to a target in one step; what bore the name before is replaced."""
    if path.is_symlink() and str(path.readlink()) == target:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)


def seal(folder: Path) -> None:
    """Make a folder's files read-only and have them on the disk itself."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file; XFS and Btrfs move no byte for it, and keep once what both have in common."""
    # Not on every system, nor on every disk that a network lends; some end before the file does.
    with contextlib.suppress(AttributeError, OSError):
        with source.open("rb") as held, target.open("wb") as copy:
            while os.copy_file_range(held.fileno(), copy.fileno(), _COPY_BYTES):
                pass
        if target.stat().st_size == source.stat().st_size:
            return
    shutil.copyfile(source, target)


def _require_intact(previous: _Previous, name: str) -> str:
    """The SHA-256 of a file published before.

    Raises:
        LedgerError: It has another one than it was published with.
    """
    found = _sha256(previous.folder / name)
    if found != previous.files.get(name):
        raise LedgerError(f"{name} is not as it was published")
    return found


def _settled(path: Path) -> str:
    """The SHA-256 of a file that is written, and it on the disk itself."""
    _sync(path)
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text(value: object) -> str:
    """A SQL string literal, for the statements that take no parameters."""
    return "'" + str(value).replace("'", "''") + "'"
