"""The rows of one archived state, from a Parquet file of which only the needed parts are fetched.

Belongs here: reading by ranges and columns, and Parquet's types as the JSON of the live list. Does
not belong here: which file (see `assets.hub.archive`), HTTP (see `assets.hub.client`), what makes a
row unusable (see `assets.hub.items`).
"""

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.errors import LedgerError
from assets.hub.client import HubClient
from assets.hub.items import BadRow, ParsedRows, parse_page, printable, surrogate_id

PAGE_ROWS = 10_000
"""Rows that are validated and put on disk together."""

_MAX_GROUP_BYTES = 4 * 1024**3

_REQUIRED = ("id", "createdAt", "downloads")
_COLUMNS = (
    "_id", "id", "author", "baseModels", "createdAt", "disabled", "downloads", "downloadsAllTime",
    "gated", "lastModified", "library_name", "likes", "pipeline_tag", "private",
    "safetensors.total", "tags", "trendingScore",
)  # fmt: skip
"""What is read of a file that has it; a column that is not there is NULL in every row."""
_COUNTERS = ("downloads", "downloadsAllTime", "likes")

_EPOCH = dt.date(1970, 1, 1)
_FIRST_DAY = (dt.date.min - _EPOCH).days
_LAST_DAY = (dt.date.max - _EPOCH).days
_UNITS_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
"""Nanoseconds are not here: they reach from 1677 to 2262 only."""


class UnusableRevision(LedgerError):
    """One revision cannot be recorded; others can."""


@dataclass(frozen=True)
class Revision:
    """The state of one UTC date: a file of one commit.

    Attributes:
        date: UTC date on which the state was collected.
        repo, sha, path: Where it is.
        size: Bytes of the file; None while nobody has asked.
    """

    date: dt.date
    repo: str
    sha: str
    path: str
    size: int | None = None

    @property
    def origin(self) -> str:
        """How a manifest names it."""
        return f"{self.repo}@{self.sha}" + (f"/{self.path}" if "/" in self.path else "")


class _RemoteFile(io.RawIOBase):
    """A file of the Hub as Python's file protocol; every read is one request for a range."""

    def __init__(self, client: HubClient, url: str, size: int) -> None:
        self._client = client
        self._url = url
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data = self._client.get_range(self._url, self._position, end)
        buffer[: len(data)] = data
        self._position = end
        return len(data)


def remote_parquet(client: HubClient, revision: Revision) -> pq.ParquetFile:
    """A Parquet file of a dataset repository; its end is fetched now, the rest when it is read."""
    place = f"/datasets/{revision.repo}/resolve/{revision.sha}/{quote(revision.path)}"
    remote = _RemoteFile(client, client.url(place, []), revision.size or 0)
    return pq.ParquetFile(pa.PythonFile(remote, mode="r"), pre_buffer=True)


class ArchiveFile:
    """The Parquet file of a revision, read by ranges: its end, then the columns that are kept.

    Args:
        client: The Hub that has it.
        revision: Which file; its size is known.

    Raises:
        UnusableRevision: It is not Parquet, or lacks what no capture can do without.
    """

    def __init__(self, client: HubClient, revision: Revision) -> None:
        self._revision = revision
        with self._named_errors():
            self._parquet = remote_parquet(client, revision)
            self._names = set(self._parquet.schema_arrow.names)
        missing = [name for name in _REQUIRED if name not in self._names]
        if missing:
            raise UnusableRevision(f"{revision.origin} has no column {missing[0]!r}")

    @property
    def ids(self) -> str:
        """``hub`` where the file has the Hub's `_id`, otherwise ``surrogate``."""
        return "hub" if "_id" in self._names else "surrogate"

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return int(self._parquet.metadata.num_rows)

    def newest_creation(self) -> dt.date | None:
        """The newest `createdAt` as the file's end tells it."""
        newest = [_as_date(top) for top in self._largest("createdAt")]
        known = [date for date in newest if date is not None]
        return max(known) if known and len(known) == len(newest) else None

    def pages(self, start: int = 0) -> Iterator[tuple[ParsedRows, int | None]]:
        """Rows in pages from row `start` on, each with the row to go on at (None: the end).

        Raises:
            UnusableRevision: The file is damaged.
            HubUnavailable: The Hub could not be reached.
        """
        metadata = self._parquet.metadata
        columns = [name for name in _COLUMNS if name.split(".")[0] in self._names]
        if self._is_unfilled("downloadsAllTime"):
            columns.remove("downloadsAllTime")
        position = 0
        for group in range(metadata.num_row_groups):
            end = position + metadata.row_group(group).num_rows
            if start < end:
                for batch in self._batches(group, columns, max(start - position, 0)):
                    start += batch.num_rows
                    with self._named_errors():
                        page = _page(batch)
                    yield page, (start if start < self.rows else None)
            position = end

    def _batches(self, group: int, columns: list[str], skip: int) -> Iterator[pa.RecordBatch]:
        self._require_bounded(group, columns)
        with self._named_errors():
            batches = self._parquet.iter_batches(PAGE_ROWS, row_groups=[group], columns=columns)
            for batch in batches:
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                yield batch.slice(skip)
                skip = 0

    def _require_bounded(self, group: int, columns: list[str]) -> None:
        described = self._parquet.metadata.row_group(group)
        chunks = [described.column(number) for number in range(described.num_columns)]
        size = sum(
            chunk.total_uncompressed_size
            for chunk in chunks
            if any(f"{chunk.path_in_schema}.".startswith(f"{name}.") for name in columns)
        )
        if size > _MAX_GROUP_BYTES:
            raise UnusableRevision(
                f"{self._revision.origin} has a row group of {size} bytes; refused as too large"
            )

    def _largest(self, column: str) -> list[Any]:
        """The largest value of a column in each row group, None where the file does not tell."""
        metadata = self._parquet.metadata
        largest = []
        for group in range(metadata.num_row_groups):
            described = metadata.row_group(group)
            for number in range(described.num_columns):
                chunk = described.column(number)
                if chunk.path_in_schema == column:
                    known = chunk.is_stats_set and chunk.statistics.has_min_max
                    try:
                        largest.append(chunk.statistics.max if known else None)
                    except (ValueError, OverflowError):
                        # A time that Python does not have.
                        largest.append(None)
        return largest

    def _is_unfilled(self, column: str) -> bool:
        """Whether a counter is 0 for every model of the Hub, which no counter ever was."""
        largest = self._largest(column)
        return bool(largest) and all(top == 0 for top in largest) and self.rows > 0

    def _named_errors(self) -> "NamedErrors":
        return NamedErrors(self._revision.origin)


_UNREADABLE = (
    pa.ArrowException,
    pl.exceptions.PolarsError,
    # Not an `Exception`: it would end the process.
    pl.exceptions.PanicException,
    OSError,
    # Of pyarrow as well, over what Python does not have: a far time, a zone, a name not in UTF-8.
    ValueError,
    OverflowError,
    KeyError,
)


class NamedErrors:
    """Turns what pyarrow and polars raise over a file into an error that names the revision."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Let other errors pass as they are."""
        if isinstance(error, _UNREADABLE):
            said = printable(str(error), 200)
            raise UnusableRevision(f"{self._origin} is not readable Parquet ({said})") from None


def _page(batch: pa.RecordBatch) -> ParsedRows:
    """Rows of Parquet through the one validating path: as the JSON the Hub would list."""
    positions = list(range(batch.num_rows))
    unreadable = _impossible_times(batch)
    if not _is_valid_text(batch):
        broken = [one for one in positions if not _is_valid_text(batch.slice(one, 1))]
        unreadable |= dict.fromkeys(broken, "text that is not UTF-8")
    bad = [BadRow(one, said, b"") for one, said in unreadable.items()]
    if unreadable:
        positions = [one for one in positions if one not in unreadable]
        batch = batch.take(pa.array(positions, pa.int64()))
    frame = pl.DataFrame(batch).with_columns(pl.Series("position", positions, pl.Int64))
    has_fraction = _has_fraction(frame.schema)
    fractions, frame = frame.filter(has_fraction), frame.filter(~has_fraction)
    if fractions.height:
        said = "a counter that is not a whole number below 2**63"
        rows = fractions.drop("position").write_ndjson().encode().splitlines()
        bad += [
            BadRow(one, said, raw) for one, raw in zip(fractions["position"], rows, strict=True)
        ]
        positions = frame["position"].to_list()
    if "_id" not in frame.columns:
        frame = frame.with_columns(_surrogates(frame))
    shown = frame.select(
        [_normalised(name, kind) for name, kind in frame.schema.items() if name != "position"]
    )
    lines = shown.write_ndjson().encode() if positions else b""
    parsed = parse_page(b"[" + lines.rstrip(b"\n").replace(b"\n", b",") + b"]")
    bad += [replace(row, position=positions[row.position]) for row in parsed.bad]
    return replace(parsed, bad=sorted(bad, key=lambda row: row.position))


def _impossible_times(batch: pa.RecordBatch) -> dict[int, str]:
    """Rows with a time that Python does not have, and what is said of it; polars panics at some."""
    found: dict[int, str] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_date32(field.type):
            a_day, whole = 1, column.cast(pa.int32())
        elif pa.types.is_timestamp(field.type) and field.type.unit in _UNITS_A_DAY:
            a_day, whole = _UNITS_A_DAY[field.type.unit], column.cast(pa.int64())
        else:
            continue
        outside = pc.or_(
            pc.less(whole, _FIRST_DAY * a_day), pc.greater_equal(whole, (_LAST_DAY + 1) * a_day)
        )
        said = f"{field.name}: a time outside the years 1 to 9999"
        found |= dict.fromkeys(pc.indices_nonzero(outside).to_pylist(), said)
    return found


def _is_valid_text(batch: pa.RecordBatch) -> bool:
    """Parquet does not check that its text is UTF-8; what reads it next relies on it."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _has_fraction(schema: pl.Schema) -> pl.Expr:
    floats = [pl.col(name) for name in _COUNTERS if name in schema and schema[name].is_float()]
    return pl.any_horizontal(
        pl.lit(False),
        *(
            column.is_not_nan() & ((column != column.round()) | (column.abs() >= 2.0**63))
            for column in floats
        ),
    ).fill_null(value=False)


def _surrogates(frame: pl.DataFrame) -> pl.Series:
    repo_ids, created = frame["id"], frame["createdAt"]
    if created.dtype == pl.String:
        created = created.str.to_datetime(time_zone="UTC", strict=False)
    if not (repo_ids.dtype == pl.String and isinstance(created.dtype, pl.Datetime)):
        return pl.Series("_id", [None] * frame.height, pl.String)
    # Text may tell a year that Python does not have, and so may a time in its own zone.
    created = created.dt.convert_time_zone("UTC")
    created = created.set(~created.dt.year().is_between(dt.MINYEAR, dt.MAXYEAR), None)
    made = [
        surrogate_id(repo_id, moment) if repo_id is not None and moment is not None else None
        for repo_id, moment in zip(repo_ids, created, strict=True)
    ]
    return pl.Series("_id", made, pl.String)


def _normalised(name: str, kind: pl.DataType) -> pl.Expr:
    """A column as the Hub's JSON would have it."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        utc = column if kind.time_zone is None else column.dt.convert_time_zone("UTC")
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    if kind.is_float():
        # Whole numbers beside NULLs become floats in some writers; NaN stands for NULL.
        finite = pl.when(column.is_finite()).then(column)
        return finite.cast(pl.Int64) if name in _COUNTERS else finite
    if isinstance(kind, pl.Struct) and any(
        field.name == "models" and field.dtype == pl.List for field in kind.fields
    ):
        # A struct of NULLs is how some writers say that there is none.
        return pl.when(column.struct.field("models").list.len() > 0).then(column)
    return column


def _as_date(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
