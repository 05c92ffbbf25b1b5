"""The Arena's leaderboards, from the public dataset that holds all dates it ever published.

Belongs here: which leaderboards there are, and their rows, validated. Does not belong here: HTTP
(see `assets.hub.client`), where rows are kept (see `assets.arena`), what they mean (dbt).

Each leaderboard is a folder with one table of all dates. Kept of it is the category `CATEGORY`, the
headline table. Leaderboards of models that make images or videos are left out.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa

from assets.hub.archive import Repository, fetched, pages
from assets.hub.archive_file import NamedErrors, Revision, UnusableRevision, remote_parquet
from assets.hub.client import HubClient
from assets.hub.items import printable

ARENA = "lmarena-ai/leaderboard-dataset"
CATEGORY = "overall"

HINTS = {
    400: "the Hub refuses a parameter: its contract changed",
    401: "the Hub does not show the Arena's dataset (or the token in HF_TOKEN is not valid)",
    403: "the Hub does not show the Arena's dataset to the holder of HF_TOKEN",
    404: "the Hub has no such dataset",
}
"""What a refusal means to a client that reads the Arena's dataset."""

ARENA_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What a leaderboard may be called: its name becomes the name of a folder."""

_TABLE = re.compile(r"([^/]*)/(full|latest)-(\d+)-of-(\d+)\.parquet")
_MADE = re.compile(r"(^|_)(image|video)(_|$)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COLUMNS = {
    "model": ("model_name",),
    "organization": ("organization",),
    "license": ("license",),
    "rating": ("rating", "score"),
    "rating_low": ("rating_lower", "score_ci_lower"),
    "rating_high": ("rating_upper", "score_ci_upper"),
    "votes": ("vote_count", "observation_count"),
    "rank": ("rank",),
    "published_on": ("leaderboard_publish_date",),
    "category": ("category",),
}
"""What is read, by the names it may have: agents have scores where others have ratings."""
_REQUIRED = ("model", "rating", "published_on")
_BATCH_ROWS = 50_000
_MAX_ROWS = 5_000_000
_MAX_GROUP_BYTES = 1024**3
_MAX_TEXT = 300


class _Lfs(msgspec.Struct):
    oid: str


class _Entry(msgspec.Struct):
    path: str
    oid: str
    size: int = 0
    lfs: _Lfs | None = None


@dataclass(frozen=True)
class ArenaTable:
    """One leaderboard's file.

    Attributes:
        arena: Name of the leaderboard.
        revision: Where the file is, pinned.
        content: The Hub's own id of the file's content.
    """

    arena: str
    revision: Revision
    content: str


@dataclass(frozen=True)
class ArenaRow:
    """One model on one date, as published; what a row does not tell is None."""

    model: str
    rating: float
    rating_low: float | None
    rating_high: float | None
    votes: int | None
    rank: int | None
    organization: str | None
    license: str | None


@dataclass
class Leaderboard:
    """The rows of one leaderboard.

    Attributes:
        measure: ``rating`` (points as of Elo) or ``score`` (a scale of the leaderboard's own).
        dates: Rows by the date they were published on.
        bad: Unusable rows, each with the reason.
    """

    measure: str
    dates: dict[dt.date, list[ArenaRow]] = field(default_factory=dict)
    bad: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def arena_tables(client: HubClient, today: dt.date) -> tuple[list[ArenaTable], list[str]]:
    """The leaderboards that the dataset has, by name, and what in it is not known.

    Raises:
        HubUnavailable: The Hub could not be reached.
        LedgerError: The dataset is not there, or answers in another shape.
    """
    head, _ = fetched(client, client.url(f"/api/datasets/{ARENA}", []), Repository)
    url = client.url(f"/api/datasets/{ARENA}/tree/{head.sha}", [("recursive", "true")])
    found: dict[str, ArenaTable] = {}
    unknown = []
    entries = [entry for page in pages(client, url, list[_Entry]) for entry in page]
    # `full` comes before `latest`, which has the newest date only.
    for entry in sorted(entries, key=lambda entry: entry.path):
        match = _TABLE.fullmatch(entry.path)
        if match is None or _MADE.search(match[1]):
            continue
        if not ARENA_NAME.fullmatch(match[1]):
            unknown.append(f"{printable(entry.path)}: not a name of a leaderboard")
        elif (int(match[3]), int(match[4])) != (0, 1):
            unknown.append(f"{printable(entry.path)}: a table in several files")
        else:
            content = entry.lfs.oid if entry.lfs else entry.oid
            revision = Revision(today, ARENA, head.sha, entry.path, entry.size)
            found.setdefault(match[1], ArenaTable(match[1], revision, content))
    return list(found.values()), unknown


def read_leaderboard(client: HubClient, table: ArenaTable) -> Leaderboard:
    """All dates of one leaderboard.

    Raises:
        HubUnavailable: The Hub could not be reached.
        UnusableRevision: The file is not Parquet, lacks a column, or has no row that can be used.
    """
    origin = table.revision.origin
    board: Leaderboard | None = None
    rows = 0
    for measure, batch in _batches(client, table):
        board = board or Leaderboard(measure)
        rows += len(batch)
        if rows > _MAX_ROWS:
            raise UnusableRevision(f"{origin} has more than {_MAX_ROWS} rows; refused")
        for row in batch:
            try:
                date, usable = _published(row["published_on"], table.revision.date), _row(row)
                board.dates.setdefault(date, []).append(usable)
            except ValueError as error:
                board.bad.append((str(error), row))
    if board is None or not board.dates:
        raise UnusableRevision(f"{origin} has no row that can be used")
    for listed in board.dates.values():
        # Their order in the file says nothing.
        listed.sort(key=_sort_key)
    return board


def _batches(client: HubClient, table: ArenaTable) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of the category as plain values, with what the file measures."""
    origin = table.revision.origin
    with NamedErrors(origin):
        parquet = remote_parquet(client, table.revision)
        held = set(parquet.schema_arrow.names)
    names = {
        name: next((known for known in columns if known in held), None)
        for name, columns in _COLUMNS.items()
    }
    missing = [name for name in _REQUIRED if names[name] is None]
    if missing:
        raise UnusableRevision(f"{origin} has no column {_COLUMNS[missing[0]][0]!r}")
    known = [column for column in names.values() if column is not None]
    doubled = [column for column in known if parquet.schema_arrow.names.count(column) > 1]
    if doubled:
        raise UnusableRevision(f"{origin} has several columns {doubled[0]!r}")
    measure = "rating" if names["rating"] == "rating" else "score"
    for group in range(parquet.metadata.num_row_groups):
        size = parquet.metadata.row_group(group).total_byte_size
        if size > _MAX_GROUP_BYTES:
            raise UnusableRevision(f"{origin} has a row group of {size} bytes; refused")
    with NamedErrors(origin):
        for batch in parquet.iter_batches(_BATCH_ROWS, columns=known):
            values = {
                name: _values(batch.column(batch.schema.get_field_index(column)))
                if column
                else [None] * batch.num_rows
                for name, column in names.items()
            }
            # A table without categories has the headline one only.
            kept = (
                [number for number, one in enumerate(values["category"]) if one == CATEGORY]
                if names["category"]
                else range(batch.num_rows)
            )
            yield measure, [{name: values[name][row] for name in values} for row in kept]


def _values(column: pa.Array) -> list[Any]:
    """Plain values; text that is not UTF-8 stays bytes, and costs its own row only."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return [_text_or_bytes(value) for value in column.cast(pa.large_binary()).to_pylist()]
    return column.to_pylist()


def _text_or_bytes(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _published(value: object, today: dt.date) -> dt.date:
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        value = dt.date.fromisoformat(value.strip())
    if not isinstance(value, dt.date):
        raise ValueError("a date that cannot be read")
    if value > today + dt.timedelta(days=1):
        raise ValueError("a date that is not over")
    return value


def _row(row: dict[str, Any]) -> ArenaRow:
    model, rating = _text(row, "model"), _number(row, "rating")
    if model is None or rating is None:
        raise ValueError("no model name" if model is None else "no rating")
    low, high = _number(row, "rating_low"), _number(row, "rating_high")
    if (low is not None and low > rating) or (high is not None and high < rating):
        raise ValueError("an interval that does not hold the rating")
    return ArenaRow(
        model,
        rating,
        low,
        high,
        _whole(row, "votes", least=0),
        _whole(row, "rank", least=1),
        _text(row, "organization"),
        _text(row, "license"),
    )


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row[name]
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ValueError(f"{name}: not text, or too long")
    return value.strip() or None


def _number(row: dict[str, Any], name: str) -> float | None:
    value = row[name]
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name}: not a number")
    return float(value)


def _whole(row: dict[str, Any], name: str, least: int) -> int | None:
    value = _number(row, name)
    if value is None:
        return None
    if value != int(value) or not least <= value < 2**53:
        raise ValueError(f"{name}: not a whole number from {least} on")
    return int(value)


def _sort_key(row: ArenaRow) -> tuple[tuple[bool, Any], ...]:
    values = (getattr(row, name) for name in ArenaRow.__dataclass_fields__)
    return tuple((value is None, 0 if value is None else value) for value in values)
