"""The Hub over HTTP: the list route for items held in memory, and dataset repositories.

Belongs here: parameters, paging, headers, errors as HUB's clients meet them. Does not belong here:
which models there are (see `pipelines.sample_hub.catalogue`), the routes of datasets (see
`pipelines.sample_hub.datasets`).
"""

import base64
import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
import zstandard
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from assets.errors import LedgerError
from assets.hub.client import SAMPLE_HEADER
from pipelines.sample_hub.datasets import DatasetRoutes, SampleDataset

Item = dict[str, Any]

MAX_LIMIT = 1000
_SORTS = {"createdAt", "downloads", "lastModified", "likes", "trendingScore"}
_LIST_EXPANDS = (
    "author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads",
    "downloadsAllTime", "evalResults", "gated", "gguf", "inference", "inferenceProviderMapping",
    "lastModified", "library_name", "likes", "mask_token", "model-index", "pipeline_tag", "private",
    "resourceGroup", "safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo",
    "trendingScore", "widgetData", "xetEnabled",
)  # fmt: skip
_DEFAULT_KEYS = (
    "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name",
    "createdAt",
)  # fmt: skip
_FULL_KEYS = (*_DEFAULT_KEYS, "author", "gated", "lastModified", "sha", "siblings")


class SampleHub:
    """The Hub's list route over some items.

    Args:
        items: Listed models, every property included.
        sample: What the data is, told in a header of every answer and on the start page.
        quota: Requests a window, as the RateLimit headers tell.
        window: Length of a window in seconds.
        clock: Monotonic seconds.
        datasets: Dataset repositories to serve beside the list.
        contents_host: Where file contents are said to lie; None: with this server.

    Attributes:
        requests: Every request received, as path with query; those about datasets apart.
        datasets: The routes of the dataset repositories.
    """

    def __init__(
        self,
        items: list[Item],
        sample: str,
        quota: int = 500,
        window: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        datasets: Iterable[SampleDataset] = (),
        contents_host: str | None = None,
    ) -> None:
        self.items = items
        self.sample = sample
        self.quota = quota
        self.window = window
        self.requests: list[str] = []
        self._clock = clock
        self._window_start = clock()
        self._used: dict[str, int] = {}
        self.datasets = DatasetRoutes(datasets, sample, self._count_request, contents_host)

    def app(self) -> Starlette:
        """The ASGI application."""
        application = Starlette(
            routes=[
                Route("/", self._start_page),
                Route("/api/agent-harnesses", self._agent_harnesses),
                Route("/api/models", self._list_models),
                *self.datasets.routes(),
                Route("/{path:path}", self._other),
            ]
        )
        application.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=4)
        return application

    async def _start_page(self, request: Request) -> Response:
        return HTMLResponse(
            f"<!doctype html><title>Sample Hub</title><h1>Sample Hub: sample data</h1>"
            f"<p>{len(self.items)} models. They are not the Hugging Face Hub's, and no figure here "
            "says anything about it.</p>"
        )

    async def _agent_harnesses(self, request: Request) -> Response:
        return JSONResponse({"standardEnvVars": [], "harnesses": {}})

    async def _other(self, request: Request) -> Response:
        """Nothing else is served; a request for it is noted, for tests that forbid it."""
        self.requests.append(f"{request.url.path}?{request.url.query}")
        return JSONResponse({"error": "Not found"}, 404, {SAMPLE_HEADER: self.sample})

    async def _list_models(self, request: Request) -> Response:
        self.requests.append(f"{request.url.path}?{request.url.query}")
        quota_headers, allowed = self._count_request()
        if not allowed:
            return self._error(429, "We had to rate limit you", quota_headers)
        query = request.query_params
        sort = query.get("sort", "trendingScore")
        if sort not in _SORTS:
            return self._error(400, f"Invalid sort parameter: {sort}", quota_headers)
        expand = [*query.getlist("expand"), *query.getlist("expand[]")]
        for name in expand:
            if name not in _LIST_EXPANDS:
                expected = "|".join(json.dumps(known) for known in _LIST_EXPANDS)
                return self._error(
                    400, f"Invalid option: expected one of {expected}", quota_headers
                )
        try:
            limit = max(1, min(int(query.get("limit", MAX_LIMIT)), MAX_LIMIT))
            after = _decode_cursor(query["cursor"]) if "cursor" in query else None
        except ValueError:
            return self._error(400, "Invalid cursor or limit", quota_headers)
        rows = [item for item in self.items if _wanted(item, query)]
        rows = _ordered(rows, sort, ascending=query.get("direction") == "1")
        if after is not None:
            rows = [item for item in rows if _matches(item, after)]
        page, rest = rows[:limit], rows[limit:]
        headers = dict(quota_headers)
        if rest:
            cursor = _encode_cursor(_predicate(page[-1], sort, query.get("direction") == "1"))
            headers["Link"] = f'<{_next_url(request, expand, cursor)}>; rel="next"'
        keys = _FULL_KEYS if query.get("full") == "true" else _DEFAULT_KEYS
        return JSONResponse([_shown(item, expand, keys) for item in page], headers=headers)

    def _count_request(self, bucket: str = "api") -> tuple[dict[str, str], bool]:
        elapsed = self._clock() - self._window_start
        if elapsed >= self.window:
            self._window_start += self.window * (elapsed // self.window)
            self._used = {}
            elapsed = self._clock() - self._window_start
        # The Hub gives file contents six times the quota of the API.
        quota = self.quota * (6 if bucket == "resolvers" else 1)
        used = self._used.get(bucket, 0)
        allowed = used < quota
        self._used[bucket] = used + allowed
        left, reset = quota - self._used[bucket], max(1, round(self.window - elapsed))
        return {
            "RateLimit": f'"{bucket}";r={left};t={reset}',
            "RateLimit-Policy": f'"fixed window";"{bucket}";q={quota};w={round(self.window)}',
            SAMPLE_HEADER: self.sample,
        }, allowed

    def _error(self, status: int, text: str, headers: dict[str, str]) -> Response:
        return JSONResponse({"error": text}, status, {**headers, "X-Error-Message": text})


@contextlib.contextmanager
def serving(hub: SampleHub, port: int = 0) -> Iterator[str]:
    """Serve a sample Hub on the loopback interface; yields its endpoint.

    Raises:
        LedgerError: The port is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise LedgerError(f"port {port} cannot be used: {error.strerror}") from None
    server = uvicorn.Server(uvicorn.Config(hub.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def read_capture_file(path: Path) -> list[Item]:
    """The items of a capture file (NDJSON, plain, .gz or .zst), to be served again.

    Raises:
        LedgerError: The file cannot be read.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        elif path.suffix == ".zst":
            with zstandard.ZstdDecompressor().stream_reader(
                data, read_across_frames=True
            ) as reader:
                data = reader.read()
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except (OSError, EOFError, ValueError, zstandard.ZstdError) as error:
        raise LedgerError(f"{path} cannot be served: {error}") from None


def _wanted(item: Item, query: Any) -> bool:
    tags = set(item.get("tags", ()))
    return (
        all(tag in tags for tag in query.getlist("filter"))
        and query.get("author", item.get("author")) == item.get("author")
        and query.get("search", "").lower() in item["id"].lower()
        and query.get("pipeline_tag", item.get("pipeline_tag")) == item.get("pipeline_tag")
    )


def _ordered(items: list[Item], sort: str, ascending: bool) -> list[Item]:
    """Key descending with nulls last, `_id` ascending as tie-break; createdAt is `_id` alone."""
    if sort == "createdAt":
        return sorted(items, key=lambda item: item["_id"], reverse=not ascending)
    items = sorted(items, key=lambda item: item["_id"])
    valued = [item for item in items if item.get(sort) is not None]
    return sorted(valued, key=lambda item: item[sort], reverse=not ascending) + [
        item for item in items if item.get(sort) is None
    ]


def _predicate(last: Item, sort: str, ascending: bool) -> Item:
    """What the rows after `last` fulfil: a predicate, not an offset, so that rows may move."""
    if sort == "createdAt":
        return {"_id": {"$gt" if ascending else "$lt": last["_id"]}}
    value = last.get(sort)
    following: list[Item] = [{sort: value, "_id": {"$gt": last["_id"]}}]
    if value is not None:
        following += [{sort: {"$gt" if ascending else "$lt": value}}, {sort: None}]
    return {"$or": following}


def _matches(item: Item, predicate: Item) -> bool:
    for name, wanted in predicate.items():
        if name == "$or":
            if not any(_matches(item, one) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            value = item.get(name)
            ((operator, bound),) = wanted.items()
            if value is None or not (value < bound if operator == "$lt" else value > bound):
                return False
        elif item.get(name) != wanted:
            return False
    return True


def _encode_cursor(predicate: Item) -> str:
    return base64.b64encode(json.dumps(predicate, separators=(",", ":")).encode()).decode()


def _decode_cursor(cursor: str) -> Item:
    predicate = json.loads(base64.b64decode(cursor, validate=True))
    if not isinstance(predicate, dict):
        raise ValueError("a cursor is an object")
    return predicate


def _next_url(request: Request, expand: list[str], cursor: str) -> str:
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("cursor", "expand", "expand[]")
    ]
    parameters = [*kept, *(("expand", name) for name in expand), ("cursor", cursor)]
    return f"{request.url.replace(query='')}?{urlencode(parameters)}"


def _shown(item: Item, expand: list[str], keys: tuple[str, ...]) -> Item:
    shown = {"_id": item["_id"], "id": item["id"]}
    names = expand or keys
    shown.update((name, item[name]) for name in names if item.get(name) is not None)
    if not expand:
        shown["modelId"] = item["id"]
    return shown
