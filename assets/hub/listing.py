"""The crawl of the public model list, page by page, in an order that does not move.

Belongs here: the order of pages, and the Hub's contract that the crawl relies on.
Does not belong here: HTTP (see `assets.hub.client`), the row's shape (see `assets.hub.items`).
"""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import msgspec

from assets.errors import LedgerError
from assets.hub.client import Answer, HubClient
from assets.hub.items import EXPAND, ParsedRows, keys_of_page, parse_page, printable

PAGE_SIZE = 1000
MAX_PAGES = 100_000
"""A crawl longer than this does not end by itself: a hundred million models."""
_END_TRIES = 3


class Contract(msgspec.Struct, kw_only=True):
    """What the first page showed of the contract the crawl relies on; kept with the capture.

    Attributes:
        cursor: The next page's cursor as text; None where there is none.
        cursor_on_id: Whether it is a predicate on `_id` alone; None where it cannot be read.
        quota_headers: Whether the answer told the quota.
        unknown_keys: Keys that were not asked for, with the number of rows that had them.
        never_seen: Properties asked for that no row had.
    """

    cursor: str | None
    cursor_on_id: bool | None
    quota_headers: bool
    unknown_keys: dict[str, int]
    never_seen: list[str]


@dataclass(frozen=True)
class Page:
    """One page: its rows, and where the next one is (None: this was the last)."""

    rows: ParsedRows
    next_url: str | None
    quota_left: int | None
    sample: str | None
    contract: Contract | None


def first_url(client: HubClient, page_size: int = PAGE_SIZE) -> str:
    """Where a crawl starts: newest first by creation, the only sort key that never changes."""
    expand = [("expand", name) for name in EXPAND]
    return client.url("/api/models", [("sort", "createdAt"), ("limit", str(page_size)), *expand])


def crawl(
    client: HubClient, url: str, after_id: str | None = None, floor: str | None = None
) -> Iterator[Page]:
    """Fetch pages from `url` to the end of the list.

    Args:
        client: The Hub to ask.
        url: The first page, or where an interrupted crawl goes on.
        after_id: The last `_id` recorded before `url`, to check the order across a resumption.
        floor: An `_id` down to which the list should reach: a page that ends it above is asked
            for again, twice, since a Hub in trouble may leave out where the list goes on.

    Raises:
        HubUnavailable: A page could not be had.
        LedgerError: The Hub broke an assumption under which rows would be lost or doubled.
    """
    seen = {url}
    next_url: str | None = url
    while next_url is not None:
        page = _fetch(
            client, next_url, after_id, floor, is_first=after_id is None and len(seen) == 1
        )
        _require_falling(page.rows, after_id)
        after_id = page.rows.last_id or after_id
        next_url = page.next_url
        if next_url is not None:
            client.require_same_host(next_url)
        if next_url in seen:
            raise LedgerError("the Hub repeats a page address: the crawl would never end; refused")
        if len(seen) >= MAX_PAGES:
            raise LedgerError(f"the Hub lists more than {MAX_PAGES} pages; refused as endless")
        if next_url is not None:
            seen.add(next_url)
        yield page


def _fetch(
    client: HubClient, url: str, after_id: str | None, floor: str | None, is_first: bool
) -> Page:
    attempt = 0
    while True:
        attempt += 1
        answer = client.get(url)
        try:
            rows = parse_page(answer.body)
        except ValueError as error:
            client.retry_page(str(error), attempt)
            continue
        lowest = rows.last_id or after_id
        is_cut = answer.next_url is None and floor and (lowest is None or lowest > floor)
        if is_cut and attempt < min(_END_TRIES, client.access.tries):
            client.retry_page("a list that ends above its oldest models", attempt)
            continue
        contract = _observe(answer) if is_first else None
        return Page(rows, answer.next_url, answer.quota_left, answer.sample, contract)


def _observe(answer: Answer) -> Contract:
    keys = keys_of_page(answer.body)
    cursor = _cursor(answer.next_url)
    try:
        predicate = msgspec.json.decode(cursor or "")
        on_id = isinstance(predicate, dict) and set(predicate) == {"_id"}
    except msgspec.DecodeError:
        on_id = None
    return Contract(
        cursor=cursor,
        cursor_on_id=on_id,
        quota_headers=answer.quota_left is not None,
        unknown_keys={
            key[:100]: count for key, count in keys.items() if key not in ("_id", "id", *EXPAND)
        },
        never_seen=[name for name in EXPAND if name not in keys],
    )


def _require_falling(rows: ParsedRows, after_id: str | None) -> None:
    """Creation order is `_id` order; a page that begins at or above the last one moved."""
    jumped = after_id is not None and rows.first_id is not None and rows.first_id > after_id
    if jumped or not rows.falling:
        raise LedgerError(
            "the Hub's list is not in falling order of _id "
            f"({after_id or rows.first_id} before {rows.first_id if jumped else 'a larger one'}): "
            "rows would be lost or doubled; run make probe and report what it prints"
        )


def probe_contract(client: HubClient) -> list[str]:
    """Ask for two pages and say, line by line, what the crawl's assumptions met.

    Raises:
        HubUnavailable: The Hub could not be reached.
        LedgerError: An assumption is broken under which rows would be lost or doubled.
    """
    lines = [f"endpoint       {client.access.endpoint}"]
    url = first_url(client)
    for number, page in enumerate(itertools.islice(crawl(client, url), 2), 1):
        rows = page.rows
        quota = "no RateLimit header" if page.quota_left is None else page.quota_left
        lines += [
            f"page {number}         {rows.rows} rows, {len(rows.bad)} unusable",
            f"  _id          {rows.first_id} to {rows.last_id}",
            f"  next         {_cursor(page.next_url) or 'none: the last page'}",
            f"  quota left   {quota}",
        ]
        lines += [f"  unusable     row {bad.position}: {bad.reason}" for bad in rows.bad[:3]]
        if page.contract and page.contract.unknown_keys:
            lines.append(f"  new keys     {', '.join(page.contract.unknown_keys)}")
        if page.contract and page.contract.never_seen:
            lines.append(f"  never seen   {', '.join(page.contract.never_seen)}")
        if page.sample:
            lines.append(f"  sample Hub   {page.sample}")
    lines = [printable(line, 400) for line in lines]
    return [
        *lines,
        f"expand         all {len(EXPAND)} names accepted",
        "order          falls by _id",
    ]


def _cursor(url: str | None) -> str | None:
    """The cursor's text where it can be read, for a person to compare with the known one."""
    if url is None:
        return None
    cursor = parse_qs(urlsplit(url).query).get("cursor", [""])[0]
    try:
        return base64.b64decode(cursor, validate=True).decode("utf-8")[:200]
    except ValueError:
        return f"opaque: {cursor[:80]}"
