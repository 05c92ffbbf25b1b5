"""Leaderboards on disk: one small file a leaderboard and published date, never edited.

Belongs here: the folder layout, revisions, atomic writing. Does not belong here: where rows come
from (see `assets.hub.arena`), loading (see `assets.arena.load`).

Layout under the root, a folder a leaderboard: ``YYYY-MM-DD.parquet`` holds a date as it was first
seen, ``YYYY-MM-DD.2.parquet`` and so on what a later visit found in its place; ``source.json`` says
which content was read last, ``quarantine.jsonl`` which of its rows could not be used.
"""

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from assets.errors import LedgerError
from assets.hub.arena import ARENA_NAME, ArenaRow, ArenaTable, Leaderboard

SCHEMA = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),
        pa.field("rating", pa.float64(), nullable=False),
        ("rating_low", pa.float64()),
        ("rating_high", pa.float64()),
        ("votes", pa.int64()),
        ("rank", pa.int64()),
        ("organization", pa.string()),
        ("license", pa.string()),
    ]
)
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.parquet")
_NOTE = b"hub_ledger"


class Note(msgspec.Struct, kw_only=True):
    """What a recorded table is, kept in its file.

    Attributes:
        arena: The leaderboard.
        published_on: The date it was published on.
        revision: 1 as first seen; more for each content found later.
        measure: ``rating`` or ``score``.
        origin: Dataset, commit and path.
        sample: None for observations; otherwise what kind of sample data this is.
        recorded_at: When it was first seen.
        rows_sha256: Checksum of the rows.
        software: What recorded it.
    """

    arena: str
    published_on: dt.date
    revision: int
    measure: str
    origin: str
    sample: str | None
    recorded_at: dt.datetime
    rows_sha256: str
    software: str


class Source(msgspec.Struct, kw_only=True):
    """What was read of a leaderboard last: the content's id, its usable rows and the others."""

    content: str
    origin: str
    sample: str | None
    rows: int
    quarantined: int


@dataclass(frozen=True)
class Recorded:
    """One recorded table: which, and where."""

    arena: str
    published_on: dt.date
    revision: int
    path: Path


class ArenaStore:
    """The folder of leaderboards.

    Args:
        root: ``arena`` under the ledger's home; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def tables(self) -> list[Recorded]:
        """All recorded tables, by leaderboard, date and revision."""
        found = []
        for path in self.root.glob("*/*.parquet"):
            match = _FILE.fullmatch(path.name)
            if match and ARENA_NAME.fullmatch(path.parent.name):
                date = dt.date.fromisoformat(match[1])
                found.append(Recorded(path.parent.name, date, int(match[2] or 1), path))
        return sorted(found, key=lambda one: (one.arena, one.published_on, one.revision))

    def read(self, table: Recorded) -> tuple[pa.Table, Note]:
        """A recorded table, checked.

        Raises:
            LedgerError: It is damaged.
        """
        try:
            with pq.ParquetFile(table.path) as file:
                rows = file.read().replace_schema_metadata(None).cast(SCHEMA)
                note = msgspec.json.decode(file.schema_arrow.metadata[_NOTE], type=Note)
            if _sha256(rows) != note.rows_sha256:
                raise ValueError("its rows differ from their checksum")
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise LedgerError(
                f"{table.path} is damaged ({str(error)[:100]}); restore it from a backup"
            ) from None
        return rows, note

    def source(self, arena: str) -> Source | None:
        """What was read of a leaderboard last; None where nothing was or it is not known."""
        try:
            return msgspec.json.decode(
                (self.root / arena / "source.json").read_bytes(), type=Source
            )
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def require_kind(self, sample: str | None) -> None:
        """Refuse to put sample data and observations into one record.

        Raises:
            LedgerError: The folder holds the other kind.
        """
        for path in self.root.glob("*/source.json"):
            held = self.source(path.parent.name)
            if held is not None and bool(held.sample) != bool(sample):
                raise LedgerError(
                    f"{self.root} holds {'sample data' if held.sample else 'real observations'} "
                    "and is now offered the other kind: a record is never mixed; set "
                    "HUB_LEDGER_HOME to another folder"
                )

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write the folder.

        Raises:
            LedgerError: Another process holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LedgerError("another run is recording the Arena's leaderboards") from None
            yield

    def record(
        self, table: ArenaTable, board: Leaderboard, sample: str | None
    ) -> tuple[list[Recorded], list[str]]:
        """Keep each date of a leaderboard that is new, or not as it was recorded last.

        Returns:
            The tables written, and why others could not be compared.
        """
        folder = self.root / table.arena
        folder.mkdir(parents=True, exist_ok=True)
        held: dict[dt.date, Recorded] = {}
        for one in self.tables():
            if one.arena == table.arena:
                held[one.published_on] = one
        written, damaged = [], []
        for date, rows in sorted(board.dates.items()):
            columns = {
                field.name: [getattr(row, field.name) for row in rows] for field in fields(ArenaRow)
            }
            found = pa.table(columns, SCHEMA)
            try:
                revision = self._revision(held.get(date), found)
            except LedgerError as error:
                damaged.append(str(error))
                continue
            if revision is None:
                continue
            note = Note(
                arena=table.arena,
                published_on=date,
                revision=revision,
                measure=board.measure,
                origin=table.revision.origin,
                sample=sample,
                recorded_at=dt.datetime.now(dt.UTC),
                rows_sha256=_sha256(found),
                software=f"hub-ledger {version('hub-ledger')}",
            )
            name = f"{date}.parquet" if revision == 1 else f"{date}.{revision}.parquet"
            self._write_table(folder / name, found, note)
            written.append(Recorded(table.arena, date, revision, folder / name))
        bad = b"".join(_as_line(reason, row) for reason, row in board.bad)
        _replace(folder / "quarantine.jsonl", bad)
        # Last: what was killed before it is read again.
        source = Source(
            content=table.content,
            origin=table.revision.origin,
            sample=sample,
            rows=sum(map(len, board.dates.values())),
            quarantined=len(board.bad),
        )
        _replace(folder / "source.json", msgspec.json.encode(source))
        return written, damaged

    def _revision(self, held: Recorded | None, found: pa.Table) -> int | None:
        """The number under which a date's rows are to be kept; None where they are already."""
        if held is None:
            return 1
        rows, _ = self.read(held)
        return None if rows.equals(found) else held.revision + 1

    def _write_table(self, path: Path, rows: pa.Table, note: Note) -> None:
        labelled = rows.replace_schema_metadata({_NOTE: msgspec.json.encode(note)})
        sink = pa.BufferOutputStream()
        pq.write_table(labelled, sink, compression="zstd")
        _replace(path, sink.getvalue().to_pybytes())


def _sha256(rows: pa.Table) -> str:
    return hashlib.sha256(msgspec.json.encode(rows.to_pylist())).hexdigest()


def _as_line(reason: str, row: dict[str, Any]) -> bytes:
    """A row that cannot be used, whatever is in it."""
    shown = {name: value if isinstance(value, str) else repr(value) for name, value in row.items()}
    return msgspec.json.encode({"reason": reason, "row": shown}) + b"\n"


def _replace(path: Path, data: bytes) -> None:
    """Write a file in one step."""
    beside = path.with_name(f".{path.name}.writing")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
