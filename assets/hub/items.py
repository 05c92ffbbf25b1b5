"""One listed model: the fields that are kept, and the one path that validates them.

Belongs here: the item's shape, and what makes a row unusable. Does not belong here: how rows
reach this process, or where they go. The shape is the Hub's list route with `EXPAND`.
"""

import collections
import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec

EXPAND = (
    "author",
    "baseModels",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
    "trendingScore",
)
"""Properties asked of the list route; `_id` and `id` always come."""

# A counter above this is a fault of the Hub's; sums of such would not fit the facts' decimals.
Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
# `_require_hex` checks its digits a page at a time: a pattern here would cost a third of decoding.
HubId = Annotated[str, msgspec.Meta(min_length=24, max_length=24)]
RepoId = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Parent(msgspec.Struct, omit_defaults=True, gc=False):
    """A declared base model, as the Hub resolved it."""

    id: RepoId
    hub_id: HubId | None = msgspec.field(default=None, name="_id")


class BaseModels(msgspec.Struct, omit_defaults=True, gc=False):
    """The declared base models; one relation holds for all of them."""

    models: list[Parent] = []
    relation: str | None = None


class Safetensors(msgspec.Struct, omit_defaults=True, gc=False):
    """Parameter count as the Hub read it from the weights."""

    total: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


class Item(msgspec.Struct, omit_defaults=True, gc=False):
    """One listed model. A key that is missing stays missing: NULL downstream, never 0."""

    hub_id: HubId = msgspec.field(name="_id")
    id: RepoId
    author: str | None = None
    base_models: BaseModels | None = msgspec.field(default=None, name="baseModels")
    created_at: dt.datetime | None = msgspec.field(default=None, name="createdAt")
    disabled: bool | None = None
    downloads: Count | None = None
    downloads_all_time: Count | None = msgspec.field(default=None, name="downloadsAllTime")
    gated: bool | str | None = None
    last_modified: dt.datetime | None = msgspec.field(default=None, name="lastModified")
    library_name: str | None = None
    likes: Count | None = None
    pipeline_tag: str | None = None
    private: bool | None = None
    safetensors: Safetensors | None = None
    tags: list[str] | None = None
    trending_score: float | None = msgspec.field(default=None, name="trendingScore")


@dataclass(frozen=True)
class BadRow:
    """A row that could not be used: where it stood (0-based), why, and its bytes."""

    position: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class ParsedRows:
    """What one page or chunk held.

    Attributes:
        lines: The usable rows, normalised, one JSON object a line.
        rows: Number of usable rows.
        bad: The unusable rows.
        private: Rows left out because the token's owner alone may see them.
        first_id, last_id: `_id` of the first and last usable row, in the order received.
        falling: Whether `_id` falls, or stays, from row to row.
    """

    lines: bytes
    rows: int
    bad: list[BadRow]
    private: int
    first_id: str | None
    last_id: str | None
    falling: bool


_decode_page = msgspec.json.Decoder(list[Item]).decode
_decode_raw_page = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_item = msgspec.json.Decoder(Item).decode
_encode_lines = msgspec.json.Encoder().encode_lines
_BAD_ROW = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def surrogate_id(repo_id: str, created_at: dt.datetime) -> str | None:
    """Stand in for the `_id` of a model from a source that does not have it.

    As in the Hub's own ids the first 8 digits are the seconds of creation, which are the same in
    both; the other 16 are the first of the SHA-256 of ``seconds/repo id``. The same repository has
    the same surrogate on every date, until it is renamed.

    Returns:
        24 hexadecimal digits, or None for a time that no id can hold.
    """
    moment = created_at if created_at.tzinfo else created_at.replace(tzinfo=dt.UTC)
    seconds = int(moment.timestamp())
    if not 0 <= seconds < 2**32:
        return None
    digest = hashlib.sha256(f"{seconds}/{repo_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{seconds:08x}{digest[:16]}"


def printable(text: str, length: int = 120) -> str:
    """Text from the Hub without anything a terminal would act on."""
    return "".join(character if character.isprintable() else "?" for character in text)[:length]


def parse_page(body: bytes) -> ParsedRows:
    """Validate one page of the list route, a JSON array of items.

    Raises:
        ValueError: The page as a whole is not a JSON array.
    """
    try:
        items = _decode_page(body)
        _regulate(items)
        return _collect(items, [])
    except _BAD_ROW:
        return parse_rows(_rows_of(body))


def keys_of_page(body: bytes) -> collections.Counter[str]:
    """How many rows of a page have each key; rows that cannot be read are left out.

    Raises:
        ValueError: The page as a whole is not a JSON array.
    """
    keys: collections.Counter[str] = collections.Counter()
    for raw in _rows_of(body):
        try:
            keys.update(_decode_object(raw).keys())
        except _BAD_ROW:
            continue
    return keys


def _rows_of(body: bytes) -> list[bytes]:
    """The elements of a JSON array, each as it was sent.

    Raises:
        ValueError: It is no JSON array.
    """
    try:
        return [bytes(raw) for raw in _decode_raw_page(body)]
    except (msgspec.DecodeError, RecursionError):
        pass
    # msgspec gives up a whole page for half of a surrogate pair in one of its texts.
    text = body.decode("utf-8", "surrogateescape")
    rows: list[bytes] = []
    place = _after(text, 0, "[")
    while place < len(text) and text[place] != "]":
        if rows:
            place = _after(text, place, ",")
        try:
            _, end = _JSON.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"a page that is not valid JSON ({error})") from None
        rows.append(text[place:end].encode("utf-8", "surrogateescape"))
        place = _after(text, end)
    if _after(text, place, "]") < len(text):
        raise ValueError("a page that goes on after its end")
    return rows


# Numbers of any length: only where a row ends is asked.
_JSON = json.JSONDecoder(parse_int=str, parse_float=str)


def _after(text: str, place: int, sign: str = "") -> int:
    """Where the next thing stands, white space and a sign that has to come first left behind."""
    blank = " \t\n\r"
    while text[place : place + 1] and text[place] in blank:
        place += 1
    if not text.startswith(sign, place):
        raise ValueError(f"a page that is not a JSON array (no {sign!r} at {place})")
    return _after(text, place + 1) if sign else place


def parse_rows(raws: Iterable[bytes]) -> ParsedRows:
    """Validate rows, one JSON object each, so that a bad one costs only itself."""
    rows = list(raws)
    try:
        items = [_decode_item(raw) for raw in rows]
        _regulate(items)
    except _BAD_ROW:
        return _parse_one_by_one(rows)
    return _collect(items, [])


def _parse_one_by_one(raws: list[bytes]) -> ParsedRows:
    items, bad = [], []
    for position, raw in enumerate(raws):
        try:
            item = _decode_item(raw)
            _regulate([item])
            items.append(item)
        except _BAD_ROW as error:
            bad.append(BadRow(position, str(error) or type(error).__name__, raw))
    return _collect(items, bad)


def _regulate(items: list[Item]) -> None:
    """Have times in UTC, as the ledger reads them, and refuse what is no `_id`.

    Raises:
        msgspec.ValidationError: As the decoder does, for any fault of a row.
    """
    _require_hex(items)
    for item in items:
        # The Hub's own are: to ask so costs next to nothing.
        if item.created_at is not None and item.created_at.tzinfo is not dt.UTC:
            item.created_at = _in_utc(item.created_at)
        if item.last_modified is not None and item.last_modified.tzinfo is not dt.UTC:
            item.last_modified = _in_utc(item.last_modified)


def _in_utc(time: dt.datetime) -> dt.datetime:
    try:
        return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
    except OverflowError:
        raise msgspec.ValidationError(f"{time} is no time in UTC") from None


def _require_hex(items: list[Item]) -> None:
    """Refuse items with an `_id`, their own or a parent's, that is not lower-case hexadecimal.

    Raises:
        msgspec.ValidationError: As the decoder does, for any fault of a row.
    """
    ids = [item.hub_id for item in items]
    ids += [
        parent.hub_id
        for item in items
        if item.base_models
        for parent in item.base_models.models
        if parent.hub_id
    ]
    digits = "".join(ids)
    try:
        # White space is skipped by `fromhex`, so the length must be right as well.
        regular = len(bytes.fromhex(digits)) * 2 == len(digits) and digits == digits.lower()
    except ValueError:
        regular = False
    if not regular:
        raise msgspec.ValidationError("Expected 24 hexadecimal digits - at `$._id`")


def _collect(items: list[Item], bad: list[BadRow]) -> ParsedRows:
    public = [item for item in items if not item.private]
    return ParsedRows(
        lines=_encode_lines(public),
        rows=len(public),
        bad=bad,
        private=len(items) - len(public),
        first_id=public[0].hub_id if public else None,
        last_id=public[-1].hub_id if public else None,
        falling=all(a.hub_id >= b.hub_id for a, b in itertools.pairwise(public)),
    )
