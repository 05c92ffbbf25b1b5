"""A Hub whose pages are ready before the first request: as cheap a server as can be had.

Belongs here: the list route's answers over a socket, rendered once. Does not belong here: any
rule of the Hub beyond pages, cursors and quota headers (see `pipelines.sample_hub`).
"""

import argparse
import base64
import contextlib
import gzip
import itertools
import math
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import zstandard

from assets.hub.client import SAMPLE_HEADER

PAGE_ROWS = 1000
WINDOW_SECONDS = 300
_ADVANCE = b"/advance?seconds="
_CURSOR = re.compile(rb"[?&]cursor=([^& ]+)")
_ID = re.compile(rb'"_id":"([0-9a-f]{24})"')


@dataclass(frozen=True)
class RenderedPage:
    """One page's body, compressed, and the cursor that leads to it (empty: the first)."""

    body: bytes
    cursor: bytes
    next_cursor: bytes


@dataclass
class Quota:
    """Requests a fixed window of five minutes, as the Hub counts them.

    Its clock can be put forward: who waits for a window tells how long it would, and does not.

    Attributes:
        requests: Allowed in a window.
    """

    requests: int
    _ahead: float = 0.0
    _used: int = 0
    _ends: float = field(default_factory=lambda: time.monotonic() + WINDOW_SECONDS)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._ahead += seconds

    def take(self) -> tuple[int, int]:
        """Count a request; how many are left (negative: refused) and the seconds to the reset."""
        with self._lock:
            now = time.monotonic() + self._ahead
            if now >= self._ends:
                self._used, self._ends = 0, now + WINDOW_SECONDS
            self._used += 1
            return self.requests - self._used, math.ceil(self._ends - now)


def render(capture: Path, rows: int) -> list[RenderedPage]:
    """The first rows of a capture file, newest first, as pages."""
    pages = []
    cursor = b""
    with capture.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        lines = itertools.islice(_lines(reader), rows)
        chunk = list(itertools.islice(lines, PAGE_ROWS))
        while chunk:
            following = list(itertools.islice(lines, PAGE_ROWS))
            next_cursor = _cursor(chunk[-1]) if following else b""
            body = gzip.compress(b"[" + b",".join(chunk) + b"]", 6, mtime=0)
            pages.append(RenderedPage(body, cursor, next_cursor))
            chunk, cursor = following, next_cursor
    return pages


def _lines(reader: zstandard.ZstdDecompressionReader) -> Iterator[bytes]:
    rest = b""
    while data := reader.read(1 << 22):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole


def _cursor(row: bytes) -> bytes:
    found = _ID.search(row)
    assert found is not None
    predicate = b'{"_id":{"$lt":"' + found[1] + b'"}}'
    return quote(base64.b64encode(predicate).decode(), safe="").encode()


def serve(pages: list[RenderedPage], quota: Quota, delay: float, listener: socket.socket) -> None:
    """Answer every connection, for ever."""
    by_cursor = {page.cursor: page for page in pages}
    while True:
        connection, _ = listener.accept()
        port = listener.getsockname()[1]
        threading.Thread(
            target=_attend, args=(connection, by_cursor, quota, delay, port), daemon=True
        ).start()


def _attend(
    connection: socket.socket,
    by_cursor: dict[bytes, RenderedPage],
    quota: Quota,
    delay: float,
    port: int,
) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, contextlib.suppress(ConnectionError):
        received = b""
        while data := connection.recv(1 << 16):
            received += data
            while b"\r\n\r\n" in received:
                request, received = received.split(b"\r\n\r\n", 1)
                target = request.split(b" ", 2)[1]
                if not target.startswith(_ADVANCE):
                    time.sleep(delay)
                connection.sendall(_answer(by_cursor, target, quota, port))


def _answer(by_cursor: dict[bytes, RenderedPage], target: bytes, quota: Quota, port: int) -> bytes:
    if target.startswith(_ADVANCE):
        quota.advance(float(target.removeprefix(_ADVANCE)))
        return _head(b"204 No Content")
    left, reset = quota.take()
    told = (
        f'RateLimit: "api";r={max(left, 0)};t={reset}\r\n'
        f'RateLimit-Policy: "fixed window";"api";q={quota.requests};w={WINDOW_SECONDS}\r\n'
        f"{SAMPLE_HEADER}: generated benchmark\r\n"
    ).encode()
    if left < 0:
        return _head(b"429 Too Many Requests", told)
    cursor = _CURSOR.search(target)
    page = by_cursor.get(cursor[1] if cursor else b"")
    if page is None or not target.startswith(b"/api/models?"):
        return _head(b"404 Not Found", told)
    link = b""
    if page.next_cursor:
        address = b"http://127.0.0.1:%d%s&cursor=" % (port, _CURSOR.sub(b"", target))
        link = b"Link: <" + address + page.next_cursor + b'>; rel="next"\r\n'
    kind = b"Content-Type: application/json; charset=utf-8\r\nContent-Encoding: gzip\r\n"
    return _head(b"200 OK", kind + told + link, page.body)


def _head(status: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 " + status + b"\r\n" + headers
        + b"Content-Length: %d\r\n\r\n" % len(body) + body
    )  # fmt: skip


def wait(endpoint: str, seconds: float) -> None:
    """Put a server's clock forward instead of waiting."""
    host, port = endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET " + _ADVANCE + b"%f HTTP/1.1\r\n\r\n" % seconds)
        connection.recv(1 << 10)


@contextlib.contextmanager
def serving(capture: Path, rows: int, quota: int = 1_000_000, delay: float = 0.0) -> Iterator[str]:
    """Serve in a process of its own; yields the endpoint.

    Args:
        capture: A file made by `benchmarks.generate`.
        rows: How many of its rows.
        quota: Requests that a window allows.
        delay: Seconds until a page is answered.
    """
    options = ["--rows", str(rows), "--quota", str(quota), "--delay", str(delay)]
    command = [sys.executable, "-m", "benchmarks.serve", str(capture), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            endpoint = process.stdout.readline().strip()
            if not endpoint:
                raise RuntimeError(f"{' '.join(command)} did not start")
            yield endpoint
        finally:
            process.terminate()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("capture", type=Path, help="a file made by benchmarks.generate")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--quota", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    pages = render(given.capture, given.rows)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        serve(pages, Quota(given.quota), given.delay, listener)


if __name__ == "__main__":
    main()
