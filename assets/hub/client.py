"""Polite, bounded GET requests to one Hub endpoint.

Belongs here: timeouts, retries, pacing by the quota headers, limits on what is accepted.
Does not belong here: what a page means (see `assets.hub.listing`).
"""

import datetime as dt
import email.utils
import ipaddress
import random
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from huggingface_hub.utils import (
    build_hf_headers,
    get_session,
    httpx,
    parse_ratelimit_headers,
)

from assets.errors import HubUnavailable, LedgerError

SAMPLE_HEADER = "x-hub-ledger-sample"
"""Set by the embedded sample Hub; its value says what kind of sample the data is."""

T = TypeVar("T")

_PASSING = {408, 425, 429, 500, 502, 503, 504, *range(520, 530)}
_MAX_REDIRECTS = 3
_MAX_ERROR_BYTES = 1024 * 1024
_QUOTA_WINDOW_SECONDS = 300
_LONGEST_WAIT = 3600.0
_INFLATE_BYTES = 1 << 20


@dataclass(frozen=True)
class HubAccess:
    """Which Hub is asked, as whom, and how patiently.

    Attributes:
        endpoint: Base URL, e.g. ``https://huggingface.co``.
        token: Access token or None for anonymous; never printed or stored.
        timeout: Seconds to connect, and between two chunks of an answer.
        page_deadline: Seconds for one whole answer.
        tries: Attempts for one request.
        max_page_bytes: Upper bound of one decoded answer.
    """

    endpoint: str
    token: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    page_deadline: float = 300.0
    tries: int = 7
    max_page_bytes: int = 256 * 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what is not a plain base URL, and what is no token."""
        # Sent as it is, it would come back in an error's text.
        if self.token and not re.fullmatch(r"[!-~]+", self.token):
            raise LedgerError(
                "HF_TOKEN holds a space, a line break or a letter that no token has; it should be "
                "one word, like hf_ and letters"
            )
        parts = urlsplit(self.endpoint)
        if "@" in parts.netloc:
            raise LedgerError("HF_ENDPOINT holds a user or password; a token goes into HF_TOKEN")
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
        ):
            raise LedgerError(
                f"HF_ENDPOINT {self.endpoint!r} is not a Hub's address; "
                "write it like https://huggingface.co"
            )
        try:
            parts.port  # noqa: B018  the property is what raises
        except ValueError:
            raise LedgerError(
                f"HF_ENDPOINT {self.endpoint!r} has a port that is no number"
            ) from None


@dataclass(frozen=True)
class Answer:
    """One successful answer: its decoded body, the next page's address, the quota seen."""

    body: bytes
    next_url: str | None
    quota_left: int | None
    sample: str | None


class HubClient:
    """Asks one Hub, at the pace its quota headers allow.

    Args:
        access: Endpoint, token and limits.
        sleep: Waits that many seconds; replaced in tests.
        say: Told in one line why the client waits.
        hints: What a refusal (by HTTP status) means for what this client asks for.

    Attributes:
        requests, received: Requests sent, and bytes of their answers as they travelled.
        retries: Requests that had to be repeated.
        sample: What the Hub said of itself last: None for the real one.
        time: The Hub's clock at its last answer; None where it did not tell.
    """

    def __init__(
        self,
        access: HubAccess,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = lambda line: None,
        hints: Mapping[int, str] | None = None,
    ) -> None:
        self.access = access
        self._sleep = sleep
        self._say = say
        self._hints = {**_HINTS, **(hints or {})}
        self._answered = False
        self._next_window = 0.0
        self._moved: dict[str, str] = {}
        self.requests = 0
        self.received = 0
        self.retries = 0
        self.sample: str | None = None
        self.time: dt.datetime | None = None
        told = access.token and _private_channel(access.endpoint)
        if access.token and not told:
            say(f"{access.endpoint} is not told HF_TOKEN: what it is sent can be read on the way")
        self._headers = build_hf_headers(
            token=access.token if told else False,
            library_name="hub-ledger",
            library_version=version("hub-ledger"),
        )

    def url(self, path: str, params: list[tuple[str, str]]) -> str:
        """The absolute address of a route on this Hub."""
        return str(httpx.URL(self.access.endpoint.rstrip("/") + path, params=params))

    def get(self, url: str) -> Answer:
        """Fetch one address of this Hub.

        Raises:
            HubUnavailable: Every try failed in a way that may pass.
            LedgerError: The Hub refused for good, or the address leads to another host.
        """
        self.require_same_host(url)
        return self._tried(lambda: self._once(url))

    def get_range(self, url: str, start: int, end: int) -> bytes:
        """Fetch the bytes from `start` up to, not including, `end` of a file of this Hub.

        The Hub keeps file contents elsewhere and says where: this is the one case in which another
        host is asked, and it is not told the token.

        Raises:
            HubUnavailable: Every try failed in a way that may pass.
            LedgerError: The Hub refused for good, or does not give parts of a file.
        """
        self.require_same_host(url)
        return self._tried(lambda: self._range_once(url, start, end))

    def _tried(self, once: Callable[[], T]) -> T:
        last = ""
        for attempt in range(1, self.access.tries + 1):
            try:
                answer = once()
                self._answered = True
                return answer
            except _Passing as passing:
                last = str(passing)
                # A Hub that never answered is more likely a wrong address than a bad night.
                if attempt == self.access.tries or (not self._answered and attempt >= 3):
                    break
                wait = passing.wait
                if wait is None:
                    wait = min(60.0, 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)
                self.retries += 1
                self._say(f"{last}; waiting {wait:.0f} s before try {attempt + 1}")
                self._sleep(wait)
        raise HubUnavailable(
            f"{self.access.endpoint} did not answer: {last}; "
            "check the network and HF_ENDPOINT, then run again"
        )

    def retry_page(self, reason: str, attempt: int) -> None:
        """Wait before a page that arrived unusable is asked for again.

        Raises:
            HubUnavailable: It has been asked for often enough.
        """
        if attempt >= self.access.tries:
            raise HubUnavailable(f"{self.access.endpoint} keeps sending {reason}")
        self.retries += 1
        self._sleep(min(60.0, 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0))

    def _once(self, url: str) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            self._await_window()
            try:
                with get_session().stream(
                    "GET",
                    url,
                    headers=self._headers,
                    timeout=self.access.timeout,
                    follow_redirects=False,
                ) as response:
                    if response.is_redirect:
                        url = urljoin(url, response.headers.get("location", ""))
                        self.require_same_host(url)
                        continue
                    body = self._read(response, self.access.max_page_bytes)
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise _Passing(_named(error)) from None
            return self._accept(response, body)
        raise LedgerError(f"{self.access.endpoint} redirects in a circle")

    def _range_once(self, url: str, start: int, end: int) -> bytes:
        # Where the contents lie is asked once a file, not once a range; such addresses expire.
        address = self._moved.pop(url, url)
        wanted = {"range": f"bytes={start}-{end - 1}", "accept-encoding": "identity"}
        for _ in range(_MAX_REDIRECTS + 1):
            known = _public(self._headers)
            if self._is_ours(address):
                known = self._headers
                self._await_window()
            try:
                with get_session().stream(
                    "GET",
                    address,
                    headers={**known, **wanted},
                    timeout=self.access.timeout,
                    follow_redirects=False,
                ) as response:
                    if response.is_redirect:
                        self.requests += 1
                        self._quota_left(response)
                        address = urljoin(address, response.headers.get("location", ""))
                        self._require_contents_host(address)
                        continue
                    body = self._part(response, end - start)
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise _Passing(_named(error)) from None
            self._moved[url] = address
            return body
        raise LedgerError(f"{self.access.endpoint} redirects in a circle")

    def _part(self, response: httpx.Response, size: int) -> bytes:
        host, status = response.url.netloc.decode("ascii"), response.status_code
        if status == 200:
            raise LedgerError(
                f"{host} does not give parts of a file: all of it would have to be fetched; refused"
            )
        if status != 206:
            body = self._read(response, _MAX_ERROR_BYTES)
            if not self._is_ours(str(response.url)) and status not in _PASSING:
                # An address that has expired; the next try asks the Hub for another one.
                raise _Passing(f"HTTP {status} from {host}, where the contents lie")
            self._accept(response, body)
        body = self._read(response, size)
        if len(body) != size:
            raise _Passing(f"{len(body)} bytes of a range of {size}")
        self._quota_left(response)
        return body

    def _read(self, response: httpx.Response, limit: int) -> bytes:
        """The decoded body; gzip is inflated at once, not between two chunks of the network."""
        self.requests += 1
        gzipped = response.headers.get("content-encoding") == "gzip"
        chunks = response.iter_raw() if gzipped else response.iter_bytes()
        body = self._bounded(self._counted(chunks), limit)
        return self._bounded(_inflated(body), limit) if gzipped and body else body

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.received += len(chunk)
            yield chunk

    def _bounded(self, chunks: Iterator[bytes], limit: int) -> bytes:
        deadline = time.monotonic() + self.access.page_deadline
        kept, size = [], 0
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise LedgerError(
                    f"{self.access.endpoint} sent more than {limit} bytes for one request; refused"
                )
            if time.monotonic() > deadline:
                raise _Passing(f"a page took more than {self.access.page_deadline:.0f} s")
            kept.append(chunk)
        return b"".join(kept)

    def _accept(self, response: httpx.Response, body: bytes) -> Answer:
        status = response.status_code
        if status in _PASSING:
            quota = parse_ratelimit_headers(response.headers)
            raise _Passing(f"HTTP {status}", _wait_asked_for(response.headers, quota))
        if status != 200:
            raise LedgerError(_refusal(self.access.endpoint, response, body, self._hints))
        self.sample = response.headers.get(SAMPLE_HEADER)
        self.time = _time_of(response.headers)
        return Answer(
            body=body,
            next_url=response.links.get("next", {}).get("url"),
            quota_left=self._quota_left(response),
            sample=self.sample,
        )

    def _quota_left(self, response: httpx.Response) -> int | None:
        """What is left of the quota; where that is nothing, the next request awaits its window."""
        quota = parse_ratelimit_headers(response.headers)
        if quota is None or not self._is_ours(str(response.url)):
            return None
        if quota.remaining <= 0:
            wait = min(float(quota.reset_in_seconds), _LONGEST_WAIT) + 1
            self._next_window = time.monotonic() + wait
        return quota.remaining

    def _await_window(self) -> None:
        """Wait where the quota is used up: before a request, since what came last needs none."""
        wait = self._next_window - time.monotonic()
        self._next_window = 0.0
        if wait > 0:
            self._say(f"quota used up; waiting {wait:.0f} s for the next window")
            self._sleep(wait)

    def require_same_host(self, url: str) -> None:
        """Refuse an address on another host.

        Raises:
            LedgerError: Names the host.
        """
        if not self._is_ours(url):
            raise LedgerError(
                f"{self.access.endpoint} points to another host ({urlsplit(url).netloc[:100]!r}); "
                "refused, because the token and the record would follow it"
            )

    def _is_ours(self, url: str) -> bool:
        ours, theirs = urlsplit(self.access.endpoint), urlsplit(url)
        return (ours.scheme, ours.netloc.lower()) == (theirs.scheme, theirs.netloc.lower())

    def _require_contents_host(self, url: str) -> None:
        """Contents may come from anywhere, but not over a weaker channel than the Hub's own."""
        allowed = {"https", urlsplit(self.access.endpoint).scheme}
        if urlsplit(url).scheme not in allowed:
            raise LedgerError(
                f"{self.access.endpoint} sends file contents to {url[:100]!r}, which is not "
                "encrypted; refused"
            )


class _Passing(Exception):
    """A failure that may pass; `wait` is the number of seconds the Hub asked for, if it did."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


def _inflated(body: bytes) -> Iterator[bytes]:
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while body and not decoder.eof:
            yield decoder.decompress(body, _INFLATE_BYTES)
            body = decoder.unconsumed_tail
    except zlib.error as error:
        raise _Passing(f"a damaged gzip answer ({error})") from None
    if not decoder.eof:
        raise _Passing("a gzip answer that ends too early")


def _wait_asked_for(headers: httpx.Headers, quota: object) -> float | None:
    after = headers.get("retry-after")
    remaining = getattr(quota, "remaining", None)
    if remaining == 0:
        reset = float(getattr(quota, "reset_in_seconds", _QUOTA_WINDOW_SECONDS))
        return min(reset, _LONGEST_WAIT) + 1
    if after is None:
        return None
    if after.strip().isdigit():
        return min(float(after), _LONGEST_WAIT) + 1
    try:
        at = email.utils.parsedate_to_datetime(after)
    except ValueError:
        return None
    return min(max(at.timestamp() - time.time(), 0.0), _LONGEST_WAIT) + 1


def _time_of(headers: httpx.Headers) -> dt.datetime | None:
    """When an answer was given, by the server's clock; a cache tells how long it has held it."""
    try:
        given = email.utils.parsedate_to_datetime(headers.get("date", ""))
        held = dt.timedelta(seconds=int(headers.get("age", "0")))
        return given.astimezone(dt.UTC) + held
    except (ValueError, OverflowError):
        return None


_HINTS = {
    400: "the Hub refuses a parameter of the listing: its contract changed (make probe)",
    401: "the token in HF_TOKEN is not valid: renew it or unset it",
    403: "the token in HF_TOKEN may not list models: use a read token or unset it",
    404: "HF_ENDPOINT does not lead to a Hub",
}


def _public(headers: dict[str, str]) -> dict[str, str]:
    """The headers that another host may see."""
    return {name: value for name, value in headers.items() if name.lower() == "user-agent"}


def _refusal(endpoint: str, response: httpx.Response, body: bytes, hints: Mapping[int, str]) -> str:
    said = response.headers.get("x-error-message") or body[:300].decode("utf-8", "replace")
    said = re.sub(r"\s+", " ", said)[:300]
    hint = hints.get(response.status_code, "nothing was recorded")
    return f"{endpoint} answered HTTP {response.status_code} ({said!r}): {hint}"


def _named(error: Exception) -> str:
    text = re.sub(r"\s+", " ", str(error))[:200]
    return f"{type(error).__name__}{': ' + text if text else ''}"


def _private_channel(endpoint: str) -> bool:
    """Whether a token may travel to this endpoint: encrypted, or never leaving the machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
