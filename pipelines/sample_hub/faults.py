"""A sample Hub that misbehaves by script: the n-th request meets the fault the script names.

Belongs here: the faults that networks, proxies and the Hub itself are known for. Does not belong
here: the contract as kept (see `pipelines.sample_hub.server`), what a client should make of it.
"""

import asyncio
import email.utils
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pipelines.sample_hub.datasets import SampleDataset
from pipelines.sample_hub.server import Item, SampleHub

Fault = Callable[[Request, Response], Awaitable[Response]]
"""Makes the answer that is sent from the request and the answer that was due."""

FOREIGN = "http://127.0.0.2:9/api/models?cursor=x"
SLOW_SECONDS = 0.05
BOMB_BYTES = 300 * 1024 * 1024

HOSTILE_ROWS: list[object] = [
    None,
    7,
    "text",
    [],
    {},
    {"_id": "f" * 24},
    {"_id": "zz", "id": "x/y"},
    {"_id": "f" * 24, "id": "x/y", "downloads": -1},
    {"_id": "f" * 24, "id": "x/y", "downloads": 10**30},
    {"_id": "f" * 24, "id": "x/y", "downloads": {"$gt": 0}},
    {"_id": "f" * 24, "id": "x/y", "tags": {"0": "x"}},
    {"_id": "f" * 24, "id": "x/y", "baseModels": {"models": [{"id": 1}]}},
    {"_id": "f" * 24, "id": "'; drop table models; --" * 40},
]
"""Rows no ledger can use; each costs only itself."""


def status(code: int, text: str = "<html>gateway</html>", **headers: str) -> Fault:
    """Another status than the one that was due."""

    async def fault(request: Request, due: Response) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response(text, code, {"Content-Type": "text/html", **named})

    return fault


async def retry_after_date(request: Request, due: Response) -> Response:
    """429 with the other form of Retry-After, a date two seconds ahead."""
    at = email.utils.formatdate(time.time() + 2, usegmt=True)
    return Response("", 429, {"Retry-After": at})


async def reset(request: Request, due: Response) -> Response:
    """The connection breaks before an answer."""
    # uvicorn has no word for it; the cycle behind `receive` holds the transport.
    request.receive.__self__.transport.abort()  # type: ignore[attr-defined]
    return Response("")


async def truncated(request: Request, due: Response) -> Response:
    """The answer ends in the middle of its announced length."""
    body = bytes(due.body)

    async def half() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionResetError("cut by script")

    headers = {"Content-Length": str(len(body)), **_kept(due)}
    return StreamingResponse(half(), due.status_code, headers)


async def invalid_json(request: Request, due: Response) -> Response:
    """A whole answer that is only the beginning of a JSON array."""
    return Response(bytes(due.body)[:-20], 200, _kept(due))


async def html(request: Request, due: Response) -> Response:
    """A friendly page with status 200 instead of data."""
    return Response("<html>We will be back soon</html>", 200, {"Content-Type": "text/html"})


async def slow(request: Request, due: Response) -> Response:
    """The answer drips, each chunk in time, the whole never."""

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" "
            await asyncio.sleep(SLOW_SECONDS)
        # A client without a deadline for the whole would be content in the end.
        yield bytes(due.body)

    return StreamingResponse(drip(), 200, _kept(due))


async def moved(request: Request, due: Response) -> Response:
    """A relative redirect to the same list."""
    return Response("", 307, {"Location": f"/api/models?{request.url.query}&moved=1"})


async def empty_page(request: Request, due: Response) -> Response:
    """No rows, and a next page that has those that were due."""
    return Response(b"[]", 200, {"Link": f'<{request.url}&after_empty=1>; rel="next"'})


async def foreign_next(request: Request, due: Response) -> Response:
    """The next page lies on another host."""
    return Response(bytes(due.body), 200, {"Link": f'<{FOREIGN}>; rel="next"'})


async def repeated_next(request: Request, due: Response) -> Response:
    """The next page is this one."""
    return Response(bytes(due.body), 200, {"Link": f'<{request.url}>; rel="next"'})


async def bomb(request: Request, due: Response) -> Response:
    """A small answer that unpacks to hundreds of megabytes."""
    packed = gzip.compress(b" " * BOMB_BYTES, 1)
    return Response(packed, 200, {"Content-Encoding": "gzip", "X-Packed": str(len(packed))})


async def hostile_rows(request: Request, due: Response) -> Response:
    """Unusable rows between the good ones."""
    rows = json.loads(bytes(due.body))
    return Response(json.dumps([*HOSTILE_ROWS, *rows]), 200, _kept(due))


PASSING: Mapping[str, Fault] = {
    **{f"status {code}": status(code) for code in (408, 425, 500, 502, 503, 504, 520, 522, 529)},
    "429 at the edge": status(429),
    "429 with quota": status(429, RateLimit='"api";r=0;t=7'),
    "429 with Retry-After": status(429, Retry_After="3"),
    "429 with a date": retry_after_date,
    "reset": reset,
    "truncated": truncated,
    "invalid JSON": invalid_json,
    "HTML with 200": html,
    "slow": slow,
    "redirect": moved,
    "empty page": empty_page,
    "hostile rows": hostile_rows,
}
"""Faults after which a capture holds what an undisturbed one holds."""

REFUSED: Mapping[str, tuple[Fault, str]] = {
    "bad request": (status(400, '{"error":"Invalid option"}'), "contract"),
    "unauthorized": (status(401), "HF_TOKEN"),
    "forbidden": (status(403), "HF_TOKEN"),
    "not found": (status(404), "HF_ENDPOINT"),
    "foreign next": (foreign_next, "another host"),
    "repeated next": (repeated_next, "repeats a page"),
    "bomb": (bomb, "more than"),
}
"""Faults that stop a capture, each with a word of the message a person gets."""


class FaultyHub(SampleHub):
    """A sample Hub whose n-th request to the list route (from 1) meets `script[n]`.

    Args:
        items: Listed models.
        script: Fault by request number; faults answer for the rest themselves.
        between: Called before each answer with the request's number, to change the items.
        datasets: Dataset repositories to serve.
        api_script: As `script`, by the number of the request about a dataset.
        file_script: As `script`, by the number of the request for a dataset's file.
    """

    def __init__(
        self,
        items: list[Item],
        script: Mapping[int, Fault],
        between: Callable[[int], None] = lambda number: None,
        datasets: Iterable[SampleDataset] = (),
        api_script: Mapping[int, Fault] | None = None,
        file_script: Mapping[int, Fault] | None = None,
    ) -> None:
        super().__init__(items, "faulty sample", datasets=datasets)
        self._script = dict(script)
        self._between = between
        self._dataset_scripts = {
            "/api": dict(api_script or {}),
            "/datasets": dict(file_script or {}),
        }
        self._dataset_requests = {"/api": 0, "/datasets": 0}

    def mend(self) -> None:
        """Behave from now on."""
        self._script.clear()
        for script in self._dataset_scripts.values():
            script.clear()

    def app(self) -> Starlette:
        """The ASGI application; uncompressed, so that faults touch the bytes that travel."""

        async def route(request: Request) -> Response:
            number = len(self.requests) + 1
            self._between(number)
            due = await self._list_models(request)
            fault = self._script.get(number)
            return await fault(request, due) if fault else due

        datasets = [
            Route(one.path, self._disturbed(one.endpoint), methods=one.methods)
            for one in self.datasets.routes()
        ]
        return Starlette(
            routes=[Route("/api/models", route), *datasets, Route("/{path:path}", self._other)]
        )

    def _disturbed(self, due_from: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def route(request: Request) -> Response:
            kind = "/api" if request.url.path.startswith("/api") else "/datasets"
            self._dataset_requests[kind] += 1
            due = await run_in_threadpool(due_from, request)
            fault = self._dataset_scripts[kind].get(self._dataset_requests[kind])
            return await fault(request, due) if fault else due

        return route


def _kept(due: Response) -> dict[str, str]:
    """The headers of the answer that was due, as far as they are about the list."""
    names = ("link", "ratelimit", "ratelimit-policy", "x-hub-ledger-sample")
    return {name: due.headers[name] for name in names if name in due.headers}
