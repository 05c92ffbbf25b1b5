"""Past states of the Hub's model list, from public dataset repositories that keep them.

Belongs here: which revisions an archive holds, and which of them are wanted. Does not belong here:
HTTP (see `assets.hub.client`), what is in a revision (see `assets.hub.archive_file`), captures.

Two archives are known. `cfahlgren1/hub-stats` keeps one file that each upload replaces: its dates
are those of its commits. `hfmlsoc/hub_weekly_snapshots` copies one state a week into a folder named
after the week's first day, whatever day the state is of.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeVar

import msgspec

from assets.errors import LedgerError
from assets.hub.archive_file import ArchiveFile, Revision, UnusableRevision
from assets.hub.client import HubClient

HUB_STATS = "cfahlgren1/hub-stats"
WEEKLY_COPY = "hfmlsoc/hub_weekly_snapshots"
ARCHIVES = (HUB_STATS, WEEKLY_COPY)
EVERY = ("day", "week", "month")

HINTS = {
    400: "the Hub refuses a parameter: its contract changed",
    401: "the Hub does not show this archive (or the token in HF_TOKEN is not valid)",
    403: "the Hub does not show this archive to the holder of HF_TOKEN",
    404: "the Hub has no such archive or revision; HUB_LEDGER_ARCHIVE names another one",
}
"""What a refusal means to a client that reads an archive."""

_MAX_PAGES = 10_000
FILE = "models.parquet"
"""The file of `HUB_STATS` that lists the models."""

_WEEK_FOLDER = re.compile(r"models/(\d{4}-\d{2}-\d{2})/models\.parquet")
_PARQUET_NAME = re.compile(r"([\w-]+)\.parquet")

T = TypeVar("T")
Sha = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40}\Z")]


class _Commit(msgspec.Struct):
    id: Sha
    date: dt.datetime
    title: str = ""


class _Entry(msgspec.Struct):
    path: str
    size: int = 0
    last_commit: _Commit | None = msgspec.field(default=None, name="lastCommit")


class Repository(msgspec.Struct):
    """What the Hub says of a dataset repository: the commit it is at."""

    sha: Sha


@dataclass(frozen=True)
class Plan:
    """Which revisions to record, ascending, and the spans of dates of which there is none.

    Folders whose date cannot be known are refused, by their path and with the reason.
    """

    revisions: list[Revision]
    gaps: list[tuple[dt.date, dt.date]]
    refused: dict[dt.date | str, str] = field(default_factory=dict)


def plan(
    client: HubClient,
    repo: str,
    first: dt.date,
    last: dt.date,
    every: str,
    recorded: Callable[[dt.date], bool] = lambda date: False,
) -> Plan:
    """Choose the revisions to record between two dates.

    Args:
        client: The Hub that has the archive.
        repo: One of `ARCHIVES`.
        first: First date, included.
        last: Last date, included.
        every: One of `EVERY`.
        recorded: Whether a date needs no revision any more; it is chosen without a further look.

    Raises:
        HubUnavailable: The Hub could not be reached.
        LedgerError: The archive is not there, or answers in another shape.
    """
    refused: dict[dt.date | str, str] = {}
    if repo == WEEKLY_COPY:
        found = _weekly(client, repo, first, last, refused)
    else:
        found = _daily(client, repo, first, last)
    while True:
        chosen = choose(found, first, last, every)
        stale = []
        for date in chosen:
            if found[date].size is None and not recorded(date):
                confirmed = _confirmed(client, found[date])
                if confirmed is None:
                    stale.append(date)
                else:
                    found[date] = confirmed
        if not stale:
            break
        for date in stale:
            del found[date]
    return Plan([found[date] for date in chosen], gaps(found, first, last), refused)


def choose(dates: Iterable[dt.date], first: dt.date, last: dt.date, every: str) -> list[dt.date]:
    """Choose from the dates that an archive has.

    A month's flow is the difference of counters at its ends, so that the last date up to, and the
    first date from, each first of a month are always among the chosen; so are therefore the first
    and last date of the span. Of a week (Monday to Sunday) the first date is taken.
    """
    held = sorted(date for date in set(dates) if first <= date <= last)
    if every == "day":
        return held
    chosen = set()
    for month in {first.replace(day=1), *(date.replace(day=1) for date in held)}:
        for boundary in (month, _next_month(month)):
            chosen |= set([date for date in held if date <= boundary][-1:])
            chosen |= set([date for date in held if date >= boundary][:1])
    if every == "week":
        weeks: dict[dt.date, dt.date] = {}
        for date in held:
            weeks.setdefault(date - dt.timedelta(days=date.weekday()), date)
        chosen |= set(weeks.values())
    return sorted(chosen)


def gaps(dates: Iterable[dt.date], first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The spans between two dates of which the archive has no date."""
    held = set(dates)
    spans: list[tuple[dt.date, dt.date]] = []
    for number in range((last - first).days + 1):
        date = first + dt.timedelta(days=number)
        if date in held:
            continue
        if spans and spans[-1][1] == date - dt.timedelta(days=1):
            spans[-1] = (spans[-1][0], date)
        else:
            spans.append((date, date))
    return spans


def _next_month(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)


def _daily(client: HubClient, repo: str, first: dt.date, last: dt.date) -> dict[dt.date, Revision]:
    """The last commit of each date, those left out whose title names other files only."""
    found: dict[dt.date, Revision] = {}
    url = client.url(f"/api/datasets/{repo}/commits/main", [("limit", "100")])
    for commits in pages(client, url, list[_Commit]):
        for commit in commits:
            date = commit.date.astimezone(dt.UTC).date()
            named = _PARQUET_NAME.findall(commit.title)
            if first <= date <= last and (not named or "models" in named):
                # Newest first: an older commit of the same date stands back.
                found.setdefault(date, Revision(date, repo, commit.id, FILE))
        if commits and commits[-1].date.astimezone(dt.UTC).date() < first:
            break
    return found


def _confirmed(client: HubClient, revision: Revision) -> Revision | None:
    """The revision pinned to the commit that wrote its file; None if that is of another date."""
    url = client.url(f"/api/datasets/{revision.repo}/tree/{revision.sha}", [("expand", "true")])
    for entries in pages(client, url, list[_Entry]):
        for entry in entries:
            if entry.path == revision.path:
                commit = entry.last_commit
                if commit is None:
                    return replace(revision, size=entry.size)
                if commit.date.astimezone(dt.UTC).date() != revision.date:
                    return None
                return replace(revision, size=entry.size, sha=commit.id)
    return None


def _weekly(
    client: HubClient,
    repo: str,
    first: dt.date,
    last: dt.date,
    refused: dict[dt.date | str, str],
) -> dict[dt.date, Revision]:
    """The folders by the date of what is in them; of repeated contents the first folder."""
    found: dict[dt.date, Revision] = {}
    head, _ = fetched(client, client.url(f"/api/datasets/{repo}", []), Repository)
    url = client.url(f"/api/datasets/{repo}/tree/{head.sha}/models", [("recursive", "true")])
    for entries in pages(client, url, list[_Entry]):
        for entry in entries:
            match = _WEEK_FOLDER.fullmatch(entry.path)
            # As text, for a folder may have a name that is no date.
            if not match or not str(first - dt.timedelta(days=6)) <= match[1] <= str(last):
                continue
            try:
                week = _week(match[1])
                revision = Revision(week, repo, head.sha, entry.path, entry.size)
                date = _content_date(ArchiveFile(client, revision), week)
            except UnusableRevision as error:
                refused[entry.path] = str(error)
                continue
            if first <= date <= last:
                found.setdefault(date, replace(revision, date=date))
    return found


def _week(name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        raise UnusableRevision(f"{name} is not a date") from None


def _content_date(file: "ArchiveFile", week: dt.date) -> dt.date:
    """The date of a week's copy, of which the folder's name says nothing.

    Models are created on the Hub every minute, so that the newest one tells when the list was
    taken. Where the file does not tell, it is the last date of the week.
    """
    last = week + dt.timedelta(days=6)
    newest = file.newest_creation()
    return min(newest, last) if newest is not None else last


def pages(client: HubClient, url: str, shape: type[T]) -> Iterator[T]:
    """All pages of a list, each in a known shape.

    Raises:
        HubUnavailable: The Hub could not be reached.
        LedgerError: It answers in another shape, or its list never ends.
    """
    seen: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in seen or len(seen) >= _MAX_PAGES:
            raise LedgerError("the archive's list repeats a page address and never ends; refused")
        seen.add(following)
        page, following = fetched(client, following, shape)
        yield page


def fetched(client: HubClient, url: str, shape: type[T]) -> tuple[T, str | None]:
    """One answer in a known shape, and the next page's address."""
    attempt = 0
    while True:
        attempt += 1
        answer = client.get(url)
        try:
            return msgspec.json.decode(answer.body, type=shape), answer.next_url
        except msgspec.ValidationError as error:
            raise LedgerError(
                f"the Hub answers {url.split('?')[0]} in a shape that is not known ({error})"
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            client.retry_page(f"an answer that is not valid JSON ({error})", attempt)
