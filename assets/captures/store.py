"""Captures on disk: open, written page by page, sealed once, never edited.

Belongs here: the folder layout, the manifest, the atomic seal, the swap to a reduced form. Does not
belong here: where rows come from (see `assets.captures.sources`), what a reduced form is (see
`assets.ledger.reduction`).

Layout under the root: ``YYYY-MM-DD/`` holds ``items.jsonl.zst`` (one normalised item a line) or,
when the capture is old, ``reduced/`` in its place, ``quarantine.jsonl.zst`` (bad rows with reason
and bytes) and ``manifest.json``;
``.open/YYYY-MM-DD/`` holds a capture that is still being written, ``.refused/`` what came but
cannot count, for a while.
"""

import base64
import collections
import contextlib
import datetime as dt
import fcntl
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from assets.captures.admission import ADMITTED
from assets.errors import LedgerError
from assets.hub.items import BadRow, ParsedRows
from assets.hub.listing import Contract

_COPY_BYTES = 1 << 20
_OLDEST = 10


class Manifest(msgspec.Struct, kw_only=True):
    """What a capture is, as sealed with it.

    Attributes:
        date: UTC date the counters belong to.
        source: ``hub_api``, ``hub_archive`` or ``files``.
        origin: The endpoint asked, or the name of the file imported.
        sample: None for observations; otherwise what kind of sample data this is.
        pages, rows: Pages (or chunks) received and usable rows in them.
        quarantined, private: Rows not kept as items: unusable, or not public.
        retries: Requests that had to be repeated.
        items_sha256, quarantine_sha256: Checksums of the two files.
        contract: What a crawl's first page showed of the Hub's contract.
        verdict: ``admitted``, or why the capture does not count.
        ids: ``hub``, or ``surrogate`` where the source has no `_id` and they are derived from
            repository id and creation time (`assets.hub.items.surrogate_id`).
        oldest: `_id` of the last rows received, ten at most: of a crawl the Hub's oldest models.
    """

    format: int = 1
    date: dt.date
    source: str
    origin: str
    sample: str | None
    started_at: dt.datetime
    finished_at: dt.datetime
    pages: int
    rows: int
    quarantined: int
    private: int
    retries: int
    items_sha256: str
    items_bytes: int
    quarantine_sha256: str
    software: str
    contract: Contract | None = None
    verdict: str = ADMITTED
    ids: str = "hub"
    oldest: list[str] = []


class Reduction(msgspec.Struct, kw_only=True):
    """What a reduced capture is, in ``reduced/reduction.json``.

    Attributes:
        format: Which files it has (see `assets.ledger.reduction`).
        date: UTC date of the capture.
        base: The earlier reduced capture it builds on; None where it stands by itself.
        base_sha256: Checksum of the rows that the base was sealed with.
        models: Distinct models it gives back.
        files: SHA-256 of each file beside it.
        bytes: Their sizes, together.
    """

    format: int
    date: dt.date
    base: dt.date | None
    base_sha256: str | None
    models: int
    files: dict[str, str]
    bytes: int


class _PageNote(msgspec.Struct, kw_only=True):
    """One line of an open capture's journal, written after its page is on disk."""

    page: int
    rows: int
    private: int
    bad: int
    last_id: str | None
    next_url: str | None
    sample: str | None
    contract: Contract | None = None


class _Listed(msgspec.Struct):
    hub_id: str = msgspec.field(name="_id")


class _Header(msgspec.Struct, kw_only=True):
    source: str
    origin: str
    started_at: dt.datetime
    ids: str = "hub"


class CaptureStore:
    """The folder of captures.

    Args:
        root: ``captures`` under the ledger's home; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, date: dt.date) -> Path:
        """Where the sealed capture of a date is, or would be."""
        return self.root / date.isoformat()

    def items_path(self, date: dt.date) -> Path:
        """The sealed capture's rows: NDJSON, zstd."""
        return self.folder(date) / "items.jsonl.zst"

    def dates(self) -> list[dt.date]:
        """Dates with a sealed capture, ascending."""
        if not self.root.is_dir():
            return []
        names = (path.parent.name for path in self.root.glob("????-??-??/manifest.json"))
        return sorted(dt.date.fromisoformat(name) for name in names)

    def has(self, date: dt.date) -> bool:
        """Whether the date's capture is sealed."""
        return (self.folder(date) / "manifest.json").is_file()

    def manifest(self, date: dt.date) -> Manifest:
        """The sealed capture's manifest.

        Raises:
            LedgerError: There is none, or it cannot be read.
        """
        path = self.folder(date) / "manifest.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Manifest)
        except FileNotFoundError:
            raise LedgerError(f"no capture of {date} in {self.root}") from None
        except msgspec.DecodeError as error:
            raise LedgerError(f"{path} is damaged ({error}); restore it from a backup") from None

    def quarantine_reasons(self, date: dt.date) -> collections.Counter[str]:
        """How many rows of a sealed capture were refused, by reason; numbers in it left out."""
        path = self.folder(date) / "quarantine.jsonl.zst"
        reasons: collections.Counter[str] = collections.Counter()
        with path.open("rb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            for line in io.BufferedReader(reader):
                reason = msgspec.json.decode(line)["reason"]
                reasons[re.sub(r"[0-9]+", "n", reason)] += 1
        return reasons

    def reduced_folder(self, date: dt.date) -> Path:
        """Where the reduced form of a date's rows is, or would be."""
        return self.folder(date) / "reduced"

    def is_reduced(self, date: dt.date) -> bool:
        """Whether the date's rows are kept in reduced form only."""
        return self.reduced_folder(date).is_dir() and not self.items_path(date).exists()

    def reduction(self, date: dt.date) -> Reduction:
        """What the reduced capture of a date is.

        Raises:
            LedgerError: It cannot be read.
        """
        path = self.reduced_folder(date) / "reduction.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Reduction)
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise LedgerError(f"{path} is damaged ({error}); restore it from a backup") from None

    def verify(self, date: dt.date) -> Manifest:
        """Check a sealed capture, full or reduced, against its checksums.

        Raises:
            LedgerError: Names the file that is missing or differs.
        """
        manifest = self.manifest(date)
        files = {"quarantine.jsonl.zst": manifest.quarantine_sha256}
        if self.is_reduced(date):
            reduction = self.reduction(date)
            self._require_base(reduction)
            files |= {f"reduced/{name}": sha256 for name, sha256 in reduction.files.items()}
        else:
            files["items.jsonl.zst"] = manifest.items_sha256
        for name, expected in files.items():
            path = self.folder(date) / name
            if not path.is_file():
                raise LedgerError(f"{path} is missing; restore it from a backup")
            if _sha256(path) != expected:
                raise LedgerError(f"{path} differs from its checksum; restore it from a backup")
        return manifest

    def _require_base(self, reduction: Reduction) -> None:
        base = reduction.base
        if base is None:
            return
        if not self.has(base) or self.manifest(base).items_sha256 != reduction.base_sha256:
            raise LedgerError(
                f"the capture of {reduction.date} builds on that of {base}, which is missing or "
                f"another one in {self.root}; restore captures from a backup"
            )

    def begun(self, source: str) -> list[tuple[dt.date, str]]:
        """Captures of a source that are not sealed: date and origin, by date."""
        return [(date, header.origin) for date, header in self._begun() if header.source == source]

    def _begun(self) -> list[tuple[dt.date, _Header]]:
        found = []
        for path in sorted((self.root / ".open").glob("????-??-??/header.json")):
            with contextlib.suppress(OSError, msgspec.DecodeError):
                header = msgspec.json.decode(path.read_bytes(), type=_Header)
                found.append((dt.date.fromisoformat(path.parent.name), header))
        return found

    def remove_useless(self, before: dt.datetime) -> list[Path]:
        """Remove what was set aside, or broke off in the middle and did not go on, before a time.

        One that is whole waits for its seal; one that another process is writing is left alone.

        Args:
            before: The time, UTC, a day ago or earlier.

        Returns:
            Where it lay.

        Raises:
            OSError: A folder could not be removed.
        """
        removed = []
        for aside in sorted((self.root / ".refused").glob("????-??-??-????????T??????/")):
            if aside.name[-15:] < f"{before:%Y%m%dT%H%M%S}":
                shutil.rmtree(aside)
                removed.append(aside)
        for date, header in self._begun():
            folder = self.root / ".open" / date.isoformat()
            # Its time is that of the last page: none is written without a rename in it.
            if date >= before.date() or folder.stat().st_mtime >= before.timestamp():
                continue
            with (
                contextlib.suppress(LedgerError),
                self.open(date, header.source, header.origin, header.ids) as capture,
            ):
                if not capture.complete:
                    # At once under another name: nobody goes on from a half of it.
                    shutil.rmtree(capture.refuse())
                    removed.append(folder)
        return removed

    def kind(self) -> str | None:
        """Whether this home holds ``sample`` or ``observed`` captures; None when it holds none."""
        dates = self.dates()
        if not dates:
            return None
        return "sample" if self.manifest(dates[-1]).sample else "observed"

    def require_kind(self, sample: str | None) -> None:
        """Refuse to put sample data and observations into one record.

        Raises:
            LedgerError: The home holds the other kind.
        """
        held = self.kind()
        if held is not None and held != ("sample" if sample else "observed"):
            coming = "sample data" if sample else "real observations"
            holds = "sample data" if held == "sample" else "real observations"
            raise LedgerError(
                f"{self.root.parent} holds {holds} and is now offered {coming}: a record is "
                "never mixed; set HUB_LEDGER_HOME to another folder"
            )

    @contextlib.contextmanager
    def open(
        self, date: dt.date, source: str, origin: str, ids: str = "hub"
    ) -> Iterator["OpenCapture"]:
        """Write a date's capture; an interrupted one of the same source and origin goes on.

        Args:
            date: UTC date the counters belong to.
            source: ``hub_api``, ``hub_archive`` or ``files``.
            origin: The endpoint, revision or file.
            ids: ``hub``, or ``surrogate`` where the source has no `_id`.

        Raises:
            LedgerError: The date is sealed already, or another process is writing it.
        """
        folder = self.root / ".open" / date.isoformat()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (self.root / ".open" / f"{date}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LedgerError(f"another process is writing the capture of {date}") from None
            if self.has(date):
                # Killed right after it was sealed, a process leaves its pages behind.
                shutil.rmtree(folder, ignore_errors=True)
                raise LedgerError(
                    f"{date} is recorded already in {self.folder(date)}; it stays as it is"
                )
            folder.mkdir(exist_ok=True)
            yield OpenCapture(self, folder, date, source, origin, ids)


class OpenCapture:
    """A capture being written: every page is on disk before the next one is asked for."""

    def __init__(
        self,
        store: CaptureStore,
        folder: Path,
        date: dt.date,
        source: str,
        origin: str,
        ids: str = "hub",
    ) -> None:
        self._store = store
        self.folder = folder
        self.date = date
        self.notes: list[_PageNote] = []
        # Level 1 packs normalised rows within 2 % of level 3, for less than half of its time.
        self._compressor = zstandard.ZstdCompressor(1, write_checksum=True)
        self._header = self._resume(source, origin, ids)

    @property
    def pages(self) -> int:
        """Pages on disk so far."""
        return len(self.notes)

    @property
    def rows(self) -> int:
        """Usable rows on disk so far."""
        return sum(note.rows for note in self.notes)

    @property
    def quarantined(self) -> int:
        """Bad rows so far."""
        return sum(note.bad for note in self.notes)

    @property
    def last_id(self) -> str | None:
        """`_id` of the last usable row so far."""
        return next((n.last_id for n in reversed(self.notes) if n.last_id), None)

    @property
    def next_url(self) -> str | None:
        """Where an interrupted crawl goes on; None at the start and after the last page."""
        return self.notes[-1].next_url if self.notes else None

    @property
    def sample(self) -> str | None:
        """What the source said of itself: None for observations."""
        return next((note.sample for note in self.notes if note.sample), None)

    @property
    def complete(self) -> bool:
        """Whether the last page received named no further one."""
        return bool(self.notes) and self.notes[-1].next_url is None

    def append(
        self,
        rows: ParsedRows,
        next_url: str | None = None,
        sample: str | None = None,
        contract: Contract | None = None,
    ) -> None:
        """Put one page on disk, then note it in the journal."""
        number = len(self.notes) + 1
        _write_durably(self._page(number), self._compressor.compress(rows.lines))
        if rows.bad:
            _write_durably(
                self._bad_page(number), self._compressor.compress(_bad_lines(number, rows.bad))
            )
        note = _PageNote(
            page=number,
            rows=rows.rows,
            private=rows.private,
            bad=len(rows.bad),
            last_id=rows.last_id,
            next_url=next_url,
            sample=sample,
            contract=contract,
        )
        with self._journal.open("ab") as journal:
            journal.write(msgspec.json.encode(note) + b"\n")
            journal.flush()
            os.fsync(journal.fileno())
        self.notes.append(note)

    def first_bad_reason(self) -> str:
        """Why the first quarantined row was refused, for a message."""
        for note in self.notes:
            if note.bad:
                lines = zstandard.ZstdDecompressor().decompress(
                    self._bad_page(note.page).read_bytes()
                )
                first = msgspec.json.decode(lines.splitlines()[0])
                return f"page {note.page}, row {first['position']}: {first['reason']}"
        return "none"

    def seal(self, retries: int = 0, verdict: str = ADMITTED) -> Manifest:
        """Turn the pages into the date's capture by one rename.

        Args:
            retries: Requests that had to be repeated.
            verdict: Whether the capture counts.

        Raises:
            LedgerError: The record holds the other kind of data (sample or observed).
        """
        self._store.require_kind(self.sample)
        building = self.folder / "sealed"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            manifest = self._write_sealed(building, retries, verdict)
        except BaseException:
            # On a full disk it would take the room that tonight's pages need.
            shutil.rmtree(building, ignore_errors=True)
            raise
        building.rename(self._store.folder(self.date))
        _sync_folder(self._store.root)
        shutil.rmtree(self.folder)
        return manifest

    def _write_sealed(self, building: Path, retries: int, verdict: str) -> Manifest:
        pages = [self._page(note.page) for note in self.notes]
        bad = [self._bad_page(note.page) for note in self.notes if note.bad]
        items_sha256 = _concatenate(pages, building / "items.jsonl.zst")
        manifest = Manifest(
            date=self.date,
            source=self._header.source,
            origin=self._header.origin,
            sample=self.sample,
            started_at=self._header.started_at,
            finished_at=_now(),
            pages=self.pages,
            rows=self.rows,
            quarantined=self.quarantined,
            private=sum(note.private for note in self.notes),
            retries=retries,
            items_sha256=items_sha256,
            items_bytes=(building / "items.jsonl.zst").stat().st_size,
            quarantine_sha256=_concatenate(bad, building / "quarantine.jsonl.zst"),
            software=f"hub-ledger {version('hub-ledger')}",
            contract=self.notes[0].contract if self.notes else None,
            verdict=verdict,
            ids=self._header.ids,
            oldest=self._oldest(),
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        _write_durably(building / "manifest.json", text + b"\n")
        _sync_folder(building)
        return manifest

    def _oldest(self) -> list[str]:
        lines: list[bytes] = []
        for note in reversed(self.notes):
            if len(lines) >= _OLDEST:
                break
            page = self._page(note.page).read_bytes()
            lines = zstandard.ZstdDecompressor().decompress(page).splitlines() + lines
        return [msgspec.json.decode(line, type=_Listed).hub_id for line in lines[-_OLDEST:]]

    def restart(self) -> None:
        """Forget the pages received so far, for a source that cannot be resumed in the middle."""
        self._journal.unlink(missing_ok=True)
        self.notes = []

    def refuse(self) -> Path:
        """Set a capture that cannot count aside for inspection; the next try starts anew."""
        aside = self._store.root / ".refused" / f"{self.date}-{_now():%Y%m%dT%H%M%S}"
        aside.parent.mkdir(exist_ok=True)
        self.folder.rename(aside)
        return aside

    def discard(self) -> None:
        """Remove what was written so far."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _resume(self, source: str, origin: str, ids: str) -> _Header:
        path = self.folder / "header.json"
        try:
            header = msgspec.json.decode(path.read_bytes(), type=_Header)
        except (FileNotFoundError, msgspec.DecodeError):
            header = None
        if header is None or (header.source, header.origin, header.ids) != (source, origin, ids):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            header = _Header(source=source, origin=origin, started_at=_now(), ids=ids)
            _write_durably(path, msgspec.json.encode(header))
            return header
        if self._journal.exists():
            self.notes = self._read_journal()
        return header

    def _read_journal(self) -> list[_PageNote]:
        """The notes whose pages can be trusted; a torn last line is cut off."""
        notes: list[_PageNote] = []
        kept = 0
        for line in self._journal.read_bytes().splitlines(keepends=True):
            try:
                note = msgspec.json.decode(line, type=_PageNote)
            except msgspec.DecodeError:
                break
            if not line.endswith(b"\n") or not self._page(note.page).is_file():
                break
            notes.append(note)
            kept += len(line)
        with self._journal.open("r+b") as journal:
            journal.truncate(kept)
        return notes

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def _page(self, number: int) -> Path:
        return self.folder / f"{number:06d}.jsonl.zst"

    def _bad_page(self, number: int) -> Path:
        return self.folder / f"{number:06d}.bad.jsonl.zst"


def write_reduction(
    store: CaptureStore,
    date: dt.date,
    building: Path,
    base: dt.date | None,
    models: int,
    form: int,
) -> Reduction:
    """Put a reduced form, verified by the caller, in the place of a capture's rows.

    Args:
        store: Where captures are kept.
        date: The capture's date.
        building: A folder beside the capture's files with the reduced form's own.
        base: The capture it builds on.
        models: Distinct models it gives back.
        form: Which format its files have.
    """
    files = sorted(path for path in building.iterdir() if path.is_file())
    reduction = Reduction(
        format=form,
        date=date,
        base=base,
        base_sha256=store.manifest(base).items_sha256 if base else None,
        models=models,
        files={path.name: _sha256(path) for path in files},
        bytes=sum(path.stat().st_size for path in files),
    )
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    text = msgspec.json.format(msgspec.json.encode(reduction), indent=2)
    _write_durably(building / "reduction.json", text + b"\n")
    _sync_folder(building)
    # One of a try that was killed before the rows were removed says the same.
    shutil.rmtree(store.reduced_folder(date), ignore_errors=True)
    building.rename(store.reduced_folder(date))
    _sync_folder(store.folder(date))
    store.items_path(date).unlink()
    _sync_folder(store.folder(date))
    return reduction


def _bad_lines(page: int, bad: list[BadRow]) -> bytes:
    return msgspec.json.Encoder().encode_lines(
        {
            "page": page,
            "position": row.position,
            "reason": row.reason,
            "raw_base64": base64.b64encode(row.raw).decode("ascii"),
        }
        for row in bad
    )


def _concatenate(parts: list[Path], target: Path) -> str:
    """Join zstd files (frames after frames are one valid file); the SHA-256 of the result."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(_COPY_BYTES):
                    digest.update(chunk)
                    out.write(chunk)
        _sync(out)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_durably(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader finds the whole file or none."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("wb") as file:
        file.write(data)
        _sync(file)
    beside.rename(path)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
