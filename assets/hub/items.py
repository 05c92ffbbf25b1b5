"""One listed model: the fields that are kept, and the one path that validates them.

Belongs here: the item's shape, and what makes a row unusable. Does not belong here: how rows
reach this process, or where they go. The shape is the Hub's list route with `EXPAND`.
"""

import collections
import datetime as dt
import hashlib
import itertools
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

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
HubId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z")]
RepoId = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Parent(msgspec.Struct, omit_defaults=True):
    """A declared base model, as the Hub resolved it."""

    id: RepoId
    hub_id: HubId | None = msgspec.field(default=None, name="_id")


class BaseModels(msgspec.Struct, omit_defaults=True):
    """The declared base models; one relation holds for all of them."""

    models: list[Parent] = []
    relation: str | None = None


class Safetensors(msgspec.Struct, omit_defaults=True):
    """Parameter count as the Hub read it from the weights."""

    total: Count | None = None


class Item(msgspec.Struct, omit_defaults=True):
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
        return _collect(_decode_page(body), [])
    except (msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        pass
    except msgspec.DecodeError as error:
        raise ValueError(f"a page that is not valid JSON ({error})") from None
    try:
        raws = _decode_raw_page(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"a page that is not a JSON array ({error})") from None
    return parse_rows(bytes(raw) for raw in raws)


def keys_of_page(body: bytes) -> collections.Counter[str]:
    """How many rows of a page have each key; rows that cannot be read are left out."""
    keys: collections.Counter[str] = collections.Counter()
    for raw in _decode_raw_page(body):
        try:
            keys.update(_decode_object(raw).keys())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return keys


def parse_rows(raws: Iterable[bytes]) -> ParsedRows:
    """Validate rows one by one, so that a bad one costs only itself."""
    items, bad = [], []
    for position, raw in enumerate(raws):
        try:
            items.append(_decode_item(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad.append(BadRow(position, str(error) or type(error).__name__, raw))
    return _collect(items, bad)


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
