"""Two sources that fill a capture: tonight's listing, and files captured elsewhere.

Belongs here: turning a source's rows into one open capture, and deciding that it is whole.
Does not belong here: the third source (see `assets.captures.archive_source`), HTTP, the folder
layout.
"""

import datetime as dt
import gzip
import io
import itertools
import re
import resource
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import zstandard

from assets.captures.admission import ADMITTED, row_verdict
from assets.captures.store import CaptureStore, Manifest, OpenCapture
from assets.errors import HubUnavailable, LedgerError
from assets.hub.client import HubClient
from assets.hub.items import parse_rows
from assets.hub.listing import PAGE_SIZE, Page, crawl, first_url

_FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl(\.gz|\.zst)?")
_CHUNK_ROWS = 1000
_READ_BYTES = 1 << 16
_MAX_LINE_BYTES = 64 * 1024 * 1024
_CLOCKS_DIFFER = dt.timedelta(minutes=10)
_OTHER_FILES = 256
_FLOORS = 7


def capture_tonight(
    store: CaptureStore,
    client: HubClient,
    date: dt.date,
    max_bad_share: float,
    min_rows_share: float,
    progress: Callable[[OpenCapture, int | None], None] = lambda capture, quota_left: None,
    page_size: int = PAGE_SIZE,
) -> Manifest:
    """Crawl the live list into the capture of `date`, going on where a killed crawl stopped.

    Args:
        store: Where captures are kept.
        client: The Hub to ask.
        date: Today in UTC; the Hub shows no other day's counters.
        max_bad_share: Share of unusable rows above which the capture fails.
        min_rows_share: Share of its neighbours' rows below which the capture is partial.
        progress: Called after each page with the capture and the quota left.
        page_size: Rows a page, at most 1000.

    Raises:
        LedgerError: `date` is not today, the Hub refused, or too many rows are unusable.
        HubUnavailable: The Hub could not be reached; what was received is kept for the next try.
    """
    today = _today()
    if date != today:
        raise LedgerError(
            f"the Hub shows today's counters only ({today} UTC): recording them under {date} would "
            "be false; past dates come from make backfill or make import"
        )
    floor = floor_of(store, date)
    with store.open(date, "hub_api", client.access.endpoint) as capture:
        if not capture.complete:
            for page in _pages(client, capture, page_size, floor):
                _require_same_date(client, date)
                if _today() != date:
                    capture.refuse()
                    raise LedgerError(
                        f"the night of {date} ended while it was being recorded: the counters are "
                        "those of two dates and count for neither; run again for today"
                    )
                if capture.pages == 0:
                    store.require_kind(page.sample)
                capture.append(page.rows, page.next_url, page.sample, page.contract)
                progress(capture, page.quota_left)
        fault = fault_of(capture, client.access.endpoint, max_bad_share)
        if fault is None:
            verdict = judged(store, capture, min_rows_share)
            if verdict == ADMITTED:
                return capture.seal(client.retries)
            fault = f"{client.access.endpoint} gave a {verdict}; run again while it is {date}"
        raise LedgerError(f"{fault}; what came is kept in {capture.refuse()}")


def finish_crawls(
    store: CaptureStore,
    max_bad_share: float,
    min_rows_share: float,
    say: Callable[[str], None] = lambda line: None,
) -> list[Manifest]:
    """Seal crawls of earlier dates that had come to their end when their process did.

    They need nothing of the Hub any more. One that cannot count is set aside, as it would have been
    on its day; what broke off in the middle stays where it is, of no use, until it is removed
    (`CaptureStore.remove_useless`).

    Args:
        store: Where captures are kept.
        max_bad_share: Share of unusable rows above which a capture fails.
        min_rows_share: Share of its neighbours' rows below which a capture is partial.
        say: Told in one line what became of each crawl that had come to its end.
    """
    sealed = []
    for date, origin in store.begun("hub_api"):
        if date >= _today():
            continue
        # Tonight's capture does not wait for whoever has this one open, nor does it fail with it.
        try:
            with store.open(date, "hub_api", origin) as capture:
                if not capture.complete:
                    continue
                fault = fault_of(capture, origin, max_bad_share)
                verdict = judged(store, capture, min_rows_share)
                if fault is None and verdict == ADMITTED:
                    sealed.append(capture.seal())
                    say(f"the crawl of {date} was whole and not sealed; it is now")
                else:
                    say(f"{fault or verdict}; what came is kept in {capture.refuse()}")
        except (LedgerError, OSError, zstandard.ZstdError) as error:
            say(f"the crawl of {date} was not sealed: {error}")
    return sealed


def floor_of(store: CaptureStore, date: dt.date) -> str | None:
    """An `_id` down to which a date's list should reach; None where no crawl says so.

    One of the ten oldest models of each crawl before is still there. The lowest of several: a list
    that was cut must not say how deep the next one has to go.
    """
    floors: list[str] = []
    for other in reversed(store.dates()):
        manifest = store.manifest(other) if other < date else None
        if manifest and manifest.source == "hub_api" and manifest.verdict == ADMITTED:
            floors += manifest.oldest[:1]
        if len(floors) == _FLOORS:
            break
    return min(floors, default=None)


def _require_same_date(client: HubClient, date: dt.date) -> None:
    """Refuse to go by a clock that is wrong: the counters are those of the Hub's date.

    Raises:
        LedgerError: The Hub's clock is on another date, by more than clocks commonly differ.
    """
    theirs, ours = client.time, _now()
    if theirs and theirs.date() != date and abs(theirs - ours) > _CLOCKS_DIFFER:
        raise LedgerError(
            f"this machine's clock says {ours:%Y-%m-%d %H:%M} UTC, {client.access.endpoint} says "
            f"{theirs:%Y-%m-%d %H:%M}: its counters would stand under a false date; set the clock, "
            "then run again"
        )


def _pages(
    client: HubClient, capture: OpenCapture, page_size: int, floor: str | None
) -> Iterator[Page]:
    """The pages still to come; from the first one again if the Hub refuses the saved address."""
    resumed = capture.next_url
    if resumed is not None:
        pages = crawl(client, resumed, capture.last_id, floor)
        try:
            first = next(pages)
        except HubUnavailable:
            raise
        except LedgerError:
            capture.restart()
        else:
            yield first
            yield from pages
            return
    yield from crawl(client, first_url(client, page_size), floor=floor)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _today() -> dt.date:
    return _now().date()


def import_files(
    store: CaptureStore,
    folder: Path,
    max_bad_share: float,
    min_rows_share: float,
    earliest: dt.date = dt.date.min,
    sample: str | None = None,
) -> list[Manifest]:
    """Seal one capture for each ``YYYY-MM-DD.jsonl[.gz|.zst]`` in a folder, if all can be read.

    A date that is recorded already stays as it is and is left out of the result.

    Args:
        store: Where captures are kept.
        folder: Where the files are.
        max_bad_share: Share of unusable rows above which a file is refused.
        min_rows_share: Share of its neighbours' rows below which a capture is partial: it is
            sealed with that verdict and does not count.
        earliest: First date of the calendar.
        sample: What kind of sample data the files hold; None for observations.

    Raises:
        LedgerError: No such file, a name that is no date, a file that cannot be read or is empty.
    """
    todo = [(date, path) for date, path in _dated_files(folder) if not store.has(date)]
    if todo and todo[0][0] < earliest:
        raise LedgerError(
            f"{todo[0][1].name} lies before the first date of the calendar ({earliest}); set "
            "HUB_LEDGER_START_DATE to an earlier one"
        )
    store.require_kind(sample)
    _allow_open_files(len(todo))
    with ExitStack() as stack:
        captures: list[OpenCapture] = []
        try:
            for date, path in todo:
                capture = stack.enter_context(store.open(date, "files", path.name))
                captures.append(capture)
                # A file of that name from an earlier try may have held something else.
                capture.restart()
                _append_file(capture, path, sample)
                fault = fault_of(capture, path.name, max_bad_share)
                if fault is not None:
                    raise LedgerError(fault)
        except BaseException:
            for capture in captures:
                capture.discard()
            raise
        found = [(capture.date, capture.rows) for capture in captures]
        rows = sorted([*_recorded_rows(store), *found])
        verdicts = [
            row_verdict(capture.date, capture.rows, rows, min_rows_share)[0] for capture in captures
        ]
        return [
            capture.seal(verdict=verdict)
            for capture, verdict in zip(captures, verdicts, strict=True)
        ]


def _allow_open_files(count: int) -> None:
    """Let this process hold a lock of each date, and what it has open beside.

    Raises:
        LedgerError: They are more than the machine allows one process.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        return
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise LedgerError(
            f"{count} files at once are more than a process may open here ({hard}, ulimit -Hn); "
            "import them in parts"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def judged(store: CaptureStore, capture: OpenCapture, min_rows_share: float) -> str:
    """The verdict on a capture that is whole, from the captures around it."""
    return row_verdict(capture.date, capture.rows, _recorded_rows(store), min_rows_share)[0]


def _recorded_rows(store: CaptureStore) -> list[tuple[dt.date, int]]:
    """Dates and rows of every sealed capture, in order."""
    return [(date, store.manifest(date).rows) for date in store.dates()]


def _dated_files(folder: Path) -> list[tuple[dt.date, Path]]:
    if not folder.is_dir():
        raise LedgerError(f"CAPTURES={folder} is not a folder")
    found: dict[dt.date, Path] = {}
    for path in sorted(folder.iterdir()):
        if ".jsonl" not in path.name or path.name.startswith("."):
            continue
        match = _FILE_NAME.fullmatch(path.name)
        try:
            date = dt.date.fromisoformat(match[1]) if match else None
        except ValueError:
            date = None
        if date is None:
            raise LedgerError(f"{path.name} is not named YYYY-MM-DD.jsonl[.gz|.zst]; rename it")
        if date > _today():
            raise LedgerError(f"{path.name} lies in the future; rename it to the date it was taken")
        if date in found:
            raise LedgerError(f"{found[date].name} and {path.name} are of one date; keep one")
        found[date] = path
    if not found:
        raise LedgerError(f"no file named YYYY-MM-DD.jsonl[.gz|.zst] in {folder}")
    return sorted(found.items())


def _append_file(capture: OpenCapture, path: Path, sample: str | None) -> None:
    try:
        with _opened(path) as file:
            lines = (line.rstrip(b"\r\n") for line in _bounded_lines(file, path))
            rows = (line for line in lines if line.strip())
            chunk = list(itertools.islice(rows, _CHUNK_ROWS))
            if not chunk:
                raise LedgerError(f"{path.name} is empty: it holds no rows")
            while chunk:
                following = list(itertools.islice(rows, _CHUNK_ROWS))
                # An imported chunk has no address; the marker only says that the file goes on.
                capture.append(parse_rows(chunk), "more" if following else None, sample)
                chunk = following
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise LedgerError(f"{path.name} cannot be read ({error}); fetch it again") from None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(_ZstdFile(path))
    return path.open("rb")


class _ZstdFile(io.RawIOBase):
    """A zstd file of any number of frames; unlike zstandard's own reader it notices a cut one."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = zstandard.ZstdDecompressor().decompressobj()
        self._fed = False
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._decoder.eof:
                data = self._decoder.unused_data
                self._decoder, self._fed = zstandard.ZstdDecompressor().decompressobj(), False
            else:
                data = b""
            data = data or self._file.read(_READ_BYTES)
            if not data:
                if self._fed:
                    raise EOFError("the file ends in the middle of a frame")
                return 0
            self._fed = True
            self._ready = self._decoder.decompress(data)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def _bounded_lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(_MAX_LINE_BYTES):
        if len(line) == _MAX_LINE_BYTES and not line.endswith(b"\n"):
            raise LedgerError(f"{path.name} has a line longer than {_MAX_LINE_BYTES} bytes")
        yield line


def fault_of(capture: OpenCapture, origin: str, max_bad_share: float) -> str | None:
    """Why a capture that was received whole cannot count, if so."""
    received = capture.rows + capture.quarantined
    if received == 0:
        return f"{origin} listed no model at all; nothing was recorded"
    share = capture.quarantined / received
    if share > max_bad_share or capture.rows == 0:
        return (
            f"{origin}: {share:.1%} of the rows are unusable (limit {max_bad_share:.1%}); "
            f"first: {capture.first_bad_reason()}"
        )
    return None
