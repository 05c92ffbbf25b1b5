"""The third source of captures: past states from a public archive.

Belongs here: turning revisions into captures, one sealed at a time. Does not belong here: which
revisions there are (see `assets.hub.archive`), the other sources (see `assets.captures.sources`).
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assets.captures.sources import fault_of, judged
from assets.captures.store import CaptureStore, Manifest
from assets.errors import LedgerError
from assets.hub.archive import plan
from assets.hub.archive_file import ArchiveFile, Revision, UnusableRevision
from assets.hub.client import HubClient


@dataclass(frozen=True)
class Progress:
    """How far a backfill is.

    Attributes:
        done, of: Dates finished and dates to do in this run.
        date: The date under way, or finished where `rows` equals `rows_of`.
        rows, rows_of: Rows of the date received, and rows it has.
        received: Bytes fetched so far.
        file_bytes: Size of the files these bytes are of.
        seconds: Since the start.
    """

    done: int
    of: int
    date: dt.date
    rows: int
    rows_of: int
    received: int
    file_bytes: int
    seconds: float

    @property
    def seconds_to_go(self) -> float | None:
        """At the pace so far; None before the first date is finished."""
        done = self.done + (self.rows / self.rows_of if self.rows_of else 0)
        return self.seconds / done * (self.of - done) if done else None


@dataclass(frozen=True)
class Backfill:
    """What a backfill did.

    Attributes:
        sealed: Manifests of the captures made, ascending.
        recorded: Dates that were recorded before, and stay.
        refused: Dates whose revision cannot be recorded, with the reason; a weekly folder whose
            date cannot be known stands there by its path.
        gaps: Spans of dates of which the archive has nothing.
        requests, received: Requests sent, and bytes of their answers.
        file_bytes: Size of the files read.
    """

    sealed: list[Manifest] = field(default_factory=list)
    recorded: list[dt.date] = field(default_factory=list)
    refused: dict[dt.date | str, str] = field(default_factory=dict)
    gaps: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    requests: int = 0
    received: int = 0
    file_bytes: int = 0

    @property
    def gaps_as_text(self) -> list[str]:
        """The gaps, each as its first and last date."""
        return [
            str(first) if first == last else f"{first} to {last} ({(last - first).days + 1} days)"
            for first, last in self.gaps
        ]


def capture_archive(
    store: CaptureStore,
    client: HubClient,
    repo: str,
    first: dt.date,
    last: dt.date,
    every: str,
    max_bad_share: float,
    min_rows_share: float,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Backfill:
    """Seal a capture for each date chosen between two, going on where a killed backfill stopped.

    A date that is recorded stays as it is. A revision that cannot be used costs its own date only.
    One with too few rows is sealed with that verdict and does not count: it will not get better.

    Args:
        store: Where captures are kept.
        client: The Hub that has the archive.
        repo: One of `assets.hub.archive.ARCHIVES`.
        first: First date.
        last: Last date, before today.
        every: ``day``, ``week`` or ``month``.
        max_bad_share: Share of unusable rows above which a revision is refused.
        min_rows_share: Share of its neighbours' rows below which a capture is partial.
        progress: Told after each page.

    Raises:
        LedgerError: The dates make no sense, or the archive cannot be had.
        HubUnavailable: The Hub could not be reached; what was received is kept for the next try.
    """
    if first > last:
        raise LedgerError(f"the first date ({first}) lies after the last one ({last})")
    if last >= dt.datetime.now(dt.UTC).date():
        raise LedgerError(
            f"{last} is not over yet in UTC: the archive is for past dates, tonight comes from "
            "make nightly"
        )
    start = time.monotonic()
    planned = plan(client, repo, first, last, every, store.has)
    store.require_kind(client.sample)
    todo = [one for one in planned.revisions if not store.has(one.date)]
    result = Backfill(
        recorded=[one.date for one in planned.revisions if store.has(one.date)],
        refused=planned.refused,
        gaps=planned.gaps,
    )
    file_bytes = 0
    for done, revision in enumerate(todo):
        file_bytes += revision.size or 0

        def note(
            rows: int,
            rows_of: int,
            done: int = done,
            date: dt.date = revision.date,
            file_bytes: int = file_bytes,
        ) -> None:
            seconds = time.monotonic() - start
            so_far = (rows, rows_of, client.received, file_bytes, seconds)
            progress(Progress(done, len(todo), date, *so_far))

        try:
            result.sealed.append(
                _capture(store, client, revision, max_bad_share, min_rows_share, note)
            )
        except UnusableRevision as error:
            result.refused[revision.date] = str(error)
    return Backfill(
        result.sealed,
        result.recorded,
        result.refused,
        result.gaps,
        client.requests,
        client.received,
        file_bytes,
    )


def _capture(
    store: CaptureStore,
    client: HubClient,
    revision: Revision,
    max_bad_share: float,
    min_rows_share: float,
    note: Callable[[int, int], None],
) -> Manifest:
    retries = client.retries
    file = ArchiveFile(client, revision)
    with store.open(revision.date, "hub_archive", revision.origin, file.ids) as capture:
        if not capture.complete:
            # An open capture says at which row of the file it goes on.
            for rows, following in file.pages(int(capture.next_url or 0)):
                next_row = None if following is None else str(following)
                capture.append(rows, next_row, client.sample)
                note(file.rows if following is None else following, file.rows)
        fault = fault_of(capture, revision.origin, max_bad_share)
        if fault is not None:
            raise UnusableRevision(f"{fault}; what came is kept in {capture.refuse()}")
        verdict = judged(store, capture, min_rows_share)
        return capture.seal(client.retries - retries, verdict)
