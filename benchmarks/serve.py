"""A Hub whose pages are ready before the first request: as cheap a server as can be had.

Belongs here: the list route's answers over a socket, rendered once. Does not belong here: any
rule of the Hub beyond pages, cursors and quota headers (see `pipelines.sample_hub`).
"""

import argparse
import base64
import contextlib
import gzip
import itertools
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import zstandard

from assets.hub.client import SAMPLE_HEADER

PAGE_ROWS = 1000
_CURSOR = re.compile(rb"[?&]cursor=([^& ]+)")
_ID = re.compile(rb'"_id":"([0-9a-f]{24})"')


@dataclass(frozen=True)
class RenderedPage:
    """One page's body, compressed, and the cursor that leads to it (empty: the first)."""

    body: bytes
    cursor: bytes
    next_cursor: bytes


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


def serve(pages: list[RenderedPage], listener: socket.socket) -> None:
    """Answer one connection after the other, for ever."""
    by_cursor = {page.cursor: page for page in pages}
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(ConnectionError):
            received = b""
            while data := connection.recv(1 << 16):
                received += data
                while b"\r\n\r\n" in received:
                    request, received = received.split(b"\r\n\r\n", 1)
                    connection.sendall(_answer(by_cursor, request, listener.getsockname()[1]))


def _answer(by_cursor: dict[bytes, RenderedPage], request: bytes, port: int) -> bytes:
    target = request.split(b" ", 2)[1]
    cursor = _CURSOR.search(target)
    page = by_cursor.get(cursor[1] if cursor else b"")
    if page is None or not target.startswith(b"/api/models?"):
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    link = b""
    if page.next_cursor:
        address = b"http://127.0.0.1:%d%s&cursor=" % (port, _CURSOR.sub(b"", target))
        link = b"Link: <" + address + page.next_cursor + b'>; rel="next"\r\n'
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        b"Content-Encoding: gzip\r\n"
        b'RateLimit: "api";r=999999;t=300\r\n'
        b'RateLimit-Policy: "fixed window";"api";q=1000000;w=300\r\n'
        + f"{SAMPLE_HEADER}: generated benchmark\r\n".encode()
        + link
        + b"Content-Length: %d\r\n\r\n" % len(page.body)
        + page.body
    )


@contextlib.contextmanager
def serving(capture: Path, rows: int) -> Iterator[str]:
    """Serve in a process of its own; yields the endpoint."""
    command = [sys.executable, "-m", "benchmarks.serve", str(capture), "--rows", str(rows)]
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
    parser.add_argument("--rows", type=int, default=200_000)
    given = parser.parse_args()
    pages = render(given.capture, given.rows)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        serve(pages, listener)


if __name__ == "__main__":
    main()
