"""Dataset repositories of the sample Hub: commits, trees, and files by range.

Belongs here: the routes under `/api/datasets` and `/datasets`, and the archive's files as the real
one lays them out. Does not belong here: which models there are (see
`pipelines.sample_hub.catalogue`), the list route (see `pipelines.sample_hub.server`).
"""

import collections
import datetime as dt
import hashlib
import json
import random
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from assets.hub.archive import FILE, HUB_STATS, WEEKLY_COPY
from assets.hub.client import SAMPLE_HEADER
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.defects import ARCHIVE_BEGINS, in_archive

Item = dict[str, Any]
Writer = Callable[[Path], None]

ALL_TIME_SINCE = dt.date(2025, 2, 27)
"""First archived date with `downloadsAllTime`."""
BASE_MODELS_SINCE = dt.date(2025, 7, 9)
"""First archived date with `baseModels`."""

_COMMITS_A_PAGE = 50
_TREE_PAGE = 1000
_KEPT_FILES = 8
_DECOY_BYTES = 300


@dataclass(frozen=True)
class Commit:
    """One upload of one file.

    Attributes:
        at: When, in UTC.
        path: The file it wrote.
        write: Writes the file's content; called when somebody asks for it.
        title: As an upload through huggingface_hub is titled.
    """

    at: dt.datetime
    path: str
    write: Writer
    title: str = ""

    @property
    def sha(self) -> str:
        """The commit's id."""
        return hashlib.sha1(f"{self.at}/{self.path}".encode(), usedforsecurity=False).hexdigest()

    def as_json(self) -> Item:
        """As the commits route lists it."""
        return {
            "id": self.sha,
            "title": self.title or f"Upload {self.path} with huggingface_hub",
            "message": "",
            "authors": [{"user": "sample"}],
            "date": self.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }


class SampleDataset:
    """A dataset repository: commits, oldest first, each of which wrote one file.

    Args:
        name: ``owner/name``.
        commits: What was uploaded, oldest first.
    """

    def __init__(self, name: str, commits: Iterable[Commit]) -> None:
        self.name = name
        self.commits = list(commits)
        self._place = {commit.sha: place for place, commit in enumerate(self.commits)}
        self._folder = Path(tempfile.mkdtemp(prefix="sample-archive-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._files: collections.OrderedDict[str, Path] = collections.OrderedDict()
        self._lock = threading.Lock()

    def commit(self, revision: str) -> Commit | None:
        """The commit that a revision names; None where it names none."""
        if revision == "main":
            return self.commits[-1]
        place = self._place.get(revision)
        return None if place is None else self.commits[place]

    def history(self, head: Commit) -> list[Commit]:
        """The commits up to one, newest first."""
        return self.commits[self._place[head.sha] :: -1]

    def tree(self, head: Commit) -> dict[str, Commit]:
        """The files as of a commit, each with the commit that wrote it last."""
        return {one.path: one for one in self.commits[: self._place[head.sha] + 1]}

    def file(self, commit: Commit) -> Path:
        """The content that a commit wrote; the last few are kept on disk."""
        with self._lock:
            path = self._files.pop(commit.sha, None)
            if path is None:
                path = self._folder / commit.sha
                commit.write(path)
            self._files[commit.sha] = path
            while len(self._files) > _KEPT_FILES:
                self._files.popitem(last=False)[1].unlink()
            return path


class DatasetRoutes:
    """The routes of dataset repositories.

    Args:
        datasets: The repositories served.
        sample: What the data is, told in a header of every answer.
        count_request: Counts a request in a bucket of the quota (``api`` or ``resolvers``): headers
            to send, and whether it is allowed.
        contents_host: Where file contents are said to lie; None: they are sent at once.

    Attributes:
        requests: Every request received: method, path with query, and headers.
        sent: Bytes of file contents sent.
    """

    def __init__(
        self,
        datasets: Iterable[SampleDataset],
        sample: str,
        count_request: Callable[[str], tuple[dict[str, str], bool]],
        contents_host: str | None = None,
    ) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.sent = 0
        self._datasets = {dataset.name: dataset for dataset in datasets}
        self._sample = sample
        self._count_request = count_request
        self._contents_host = contents_host

    def routes(self) -> list[Route]:
        """For the application of the sample Hub."""
        api = "/api/datasets/{owner}/{name}"
        file = "/{owner}/{name}/resolve/{revision}/{path:path}"
        return [
            Route(api, self._answered("api", self._info)),
            Route(api + "/revision/{revision:path}", self._answered("api", self._info)),
            Route(api + "/commits/{revision}", self._answered("api", self._commits)),
            Route(api + "/tree/{revision}", self._answered("api", self._tree)),
            Route(api + "/tree/{revision}/{path:path}", self._answered("api", self._tree)),
            Route(
                api + "/paths-info/{revision}",
                self._with_paths(self._answered("api", self._paths_info)),
                methods=["POST"],
            ),
            Route("/datasets" + file, self._answered("resolvers", self._resolve)),
            Route("/contents" + file, self._answered("", self._contents)),
        ]

    def _answered(
        self, bucket: str, make: Callable[[Request, SampleDataset, Commit], Response]
    ) -> Callable[[Request], Response]:
        """A route that counts, refuses what is not there and labels what is."""

        # Not `async`: making a file takes a moment, and runs in a thread of its own.
        def route(request: Request) -> Response:
            target = f"{request.url.path}?{request.url.query}"
            self.requests.append((request.method, target, dict(request.headers)))
            headers, allowed = self._count_request(bucket) if bucket else ({}, True)
            headers[SAMPLE_HEADER] = self._sample
            if not allowed:
                return _error(429, "We had to rate limit you", headers)
            parameters = request.path_params
            dataset = self._datasets.get(f"{parameters['owner']}/{parameters['name']}")
            if dataset is None:
                return _error(404, "Repository not found", headers, "RepoNotFound")
            commit = dataset.commit(parameters.get("revision", "main"))
            if commit is None:
                return _error(404, "Invalid rev id", headers, "RevisionNotFound")
            answer = make(request, dataset, commit)
            answer.headers.update(headers)
            return answer

        return route

    def _with_paths(self, route: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def with_paths(request: Request) -> Response:
            request.state.form = parse_qs((await request.body()).decode())
            return await run_in_threadpool(route, request)

        return with_paths

    def _info(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        return JSONResponse(
            {
                "_id": hashlib.sha256(dataset.name.encode()).hexdigest()[:24],
                "id": dataset.name,
                "author": dataset.name.split("/")[0],
                "sha": commit.sha,
                "lastModified": commit.as_json()["date"],
                "private": False,
                "gated": False,
                "disabled": False,
                "tags": ["sample-data"],
                "downloads": 0,
                "likes": 0,
                "siblings": [{"rfilename": path} for path in dataset.tree(commit)],
            }
        )

    def _commits(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        limit = max(1, min(int(request.query_params.get("limit", _COMMITS_A_PAGE)), 1000))
        page = int(request.query_params.get("p", 0))
        newest_first = dataset.history(commit)
        shown = newest_first[page * limit : (page + 1) * limit]
        headers = {"X-Total-Count": str(len(newest_first))}
        if (page + 1) * limit < len(newest_first):
            headers["Link"] = _next_link(request, p=page + 1)
        return JSONResponse([one.as_json() for one in shown], headers=headers)

    def _tree(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        folder = request.path_params.get("path", "")
        expand = request.query_params.get("expand", "").lower() == "true"
        recursive = request.query_params.get("recursive", "").lower() == "true"
        entries = _entries(dataset, commit, folder, expand, recursive)
        if folder and not entries:
            return _error(404, f"{folder} does not exist", {}, "EntryNotFound")
        start = int(request.query_params.get("cursor", 0))
        size = 50 if expand else _TREE_PAGE
        headers = {}
        if start + size < len(entries):
            headers["Link"] = _next_link(request, cursor=start + size)
        return JSONResponse(entries[start : start + size], headers=headers)

    def _paths_info(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        form, tree = request.state.form, dataset.tree(commit)
        expand = form.get("expand", [""])[0].lower() == "true"
        wanted = [path for path in form.get("paths", []) if path in tree]
        return JSONResponse([_entry(dataset, path, tree[path], expand) for path in wanted])

    def _resolve(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        path = request.path_params["path"]
        writer = dataset.tree(commit).get(path)
        if writer is None:
            return _error(404, f"{path} does not exist", {}, "EntryNotFound")
        file = dataset.file(writer)
        headers = {
            "X-Repo-Commit": commit.sha,
            "X-Linked-Size": str(file.stat().st_size),
            "X-Linked-Etag": _etag(writer),
        }
        if self._contents_host is None:
            answer = self._contents(request, dataset, commit)
            answer.headers.update(headers)
            return answer
        place = f"{self._contents_host}/contents/{dataset.name}/resolve/{commit.sha}/{quote(path)}"
        return RedirectResponse(f"{place}?X-Amz-Expires=3600", 302, headers)

    def _contents(self, request: Request, dataset: SampleDataset, commit: Commit) -> Response:
        writer = dataset.tree(commit)[request.path_params["path"]]
        file = dataset.file(writer)
        size = file.stat().st_size
        # Compressed, a range would be of other bytes than those asked for.
        headers = {
            "ETag": _etag(writer),
            "Accept-Ranges": "bytes",
            "Content-Encoding": "identity",
            "Content-Type": "application/octet-stream",
        }
        start, end = _range(request.headers.get("range"), size)
        if start >= end:
            return Response(b"", 416, {**headers, "Content-Range": f"bytes */{size}"})
        if request.method == "HEAD":
            return Response(b"", 200, {**headers, "Content-Length": str(size)})
        with file.open("rb") as opened:
            opened.seek(start)
            body = opened.read(end - start)
        self.sent += len(body)
        if end - start == size and "range" not in request.headers:
            return Response(body, 200, headers)
        return Response(body, 206, {**headers, "Content-Range": f"bytes {start}-{end - 1}/{size}"})


def hub_stats(
    archived: Callable[[dt.date], list[Item] | None],
    dates: Iterable[dt.date],
    has_ids: bool = False,
    holds: Callable[[dt.date], bool] = lambda date: True,
) -> SampleDataset:
    """The daily archive: one commit a file and date, the models' being one of them.

    Args:
        archived: The models of a date.
        dates: Dates on which the archive was at work, ascending.
        has_ids: Whether the files have a top-level `_id`.
        holds: Whether the models' file was uploaded on a date; the others always are.
    """

    def commits() -> Iterator[Commit]:
        for date in dates:
            noon = dt.datetime.combine(date, dt.time(13), tzinfo=dt.UTC)
            yield Commit(noon, "datasets.parquet", lambda path: _write_other(path))
            if holds(date):
                at = noon + dt.timedelta(minutes=20)
                yield Commit(at, FILE, _models_writer(archived, date, has_ids))

    return SampleDataset(HUB_STATS, commits())


def weekly_copy(
    archived: Callable[[dt.date], list[Item] | None],
    weeks: Iterable[dt.date],
    holds: Callable[[dt.date], bool] = lambda date: True,
) -> SampleDataset:
    """The weekly copy: a folder is named after the first date of its week and holds the last one's.

    Args:
        archived: The models of a date.
        weeks: First dates of weeks, ascending.
        holds: Whether the daily archive has a date; where it has not, an older one is repeated.
    """

    def commits() -> Iterator[Commit]:
        for week in weeks:
            date = week + dt.timedelta(days=6)
            while not holds(date):
                date -= dt.timedelta(days=1)
            at = dt.datetime.combine(week + dt.timedelta(days=8), dt.time(4), tzinfo=dt.UTC)
            path = f"models/{week}/{FILE}"
            yield Commit(at, path, _models_writer(archived, date, has_ids=False), f"Add {week}")

    return SampleDataset(WEEKLY_COPY, commits())


def sample_archive(catalogue: Catalogue, last: dt.date, has_ids: bool = False) -> SampleDataset:
    """The daily archive of a catalogue, up to a date; without ids, as the real one is."""
    count = (last - ARCHIVE_BEGINS).days + 1
    dates = [ARCHIVE_BEGINS + dt.timedelta(days=number) for number in range(count)]
    return hub_stats(catalogue.archived, dates, has_ids, in_archive)


def write_models(path: Path, items: list[Item], date: dt.date, has_ids: bool = False) -> None:
    """Write items as the archive lays them out on a date.

    The columns that came in later are left out before; beside the ones that matter stand wide ones.
    """
    names = ["id", "author", "createdAt", "lastModified", "pipeline_tag", "library_name", "tags",
             "likes", "trendingScore", "downloads"]  # fmt: skip
    if has_ids:
        names.insert(0, "_id")
    if date >= ALL_TIME_SINCE:
        names.append("downloadsAllTime")
    if date >= BASE_MODELS_SINCE:
        names.append("baseModels")
    decoys = _decoys(len(items))
    rows = [
        {
            **{name: item.get(name) for name in names},
            "createdAt": _moment(item.get("createdAt")),
            "lastModified": _moment(item.get("lastModified")),
            "safetensors": item.get("safetensors"),
            "cardData": json.dumps({"license": "apache-2.0", "text": decoy}),
            "siblings": [{"rfilename": "README.md"}, {"rfilename": f"{decoy[:40]}.safetensors"}],
            "config": json.dumps({"model_type": "sample", "auto_map": decoy[::-1]}),
        }
        for item, decoy in zip(items, decoys, strict=True)
    ]
    schema = pa.schema([(name, _TYPES[name]) for name in [*names, *_DECOYS]])
    table = pa.Table.from_pylist(rows, schema)
    # Wide text repeats nowhere on the Hub; a dictionary would make it too small to be avoided.
    dictionaries = [name for name in names if pa.types.is_string(schema.field(name).type)]
    pq.write_table(
        table,
        path,
        row_group_size=max(1, min(100_000, -(-len(items) // 4))),
        use_dictionary=[name for name in dictionaries if name != "id"],
    )


_TYPES = {
    "_id": pa.string(),
    "id": pa.string(),
    "author": pa.string(),
    "createdAt": pa.timestamp("ms", tz="UTC"),
    "lastModified": pa.timestamp("ms", tz="UTC"),
    "pipeline_tag": pa.string(),
    "library_name": pa.string(),
    "tags": pa.list_(pa.string()),
    "likes": pa.int64(),
    "trendingScore": pa.float64(),
    "downloads": pa.int64(),
    "downloadsAllTime": pa.int64(),
    "baseModels": pa.struct(
        {
            "relation": pa.string(),
            "models": pa.list_(pa.struct({"_id": pa.string(), "id": pa.string()})),
        }
    ),
    "safetensors": pa.struct(
        {"parameters": pa.struct({"BF16": pa.int64(), "F32": pa.int64()}), "total": pa.int64()}
    ),
    "cardData": pa.string(),
    "siblings": pa.list_(pa.struct({"rfilename": pa.string()})),
    "config": pa.string(),
}
_DECOYS = ("safetensors", "cardData", "siblings", "config")


def _decoys(count: int) -> Iterator[str]:
    rng = random.Random(count)
    for _ in range(count):
        yield rng.randbytes(_DECOY_BYTES // 2).hex()


def _models_writer(
    archived: Callable[[dt.date], list[Item] | None], date: dt.date, has_ids: bool
) -> Writer:
    return lambda path: write_models(path, archived(date) or [], date, has_ids)


def _write_other(path: Path) -> None:
    pq.write_table(pa.table({"id": ["sample/dataset"]}), path)


def _moment(stamp: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(stamp) if stamp else None


def _entries(
    dataset: SampleDataset, commit: Commit, folder: str, expand: bool, recursive: bool
) -> list[Item]:
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, Item] = {}
    for path, writer in sorted(dataset.tree(commit).items()):
        if not path.startswith(prefix):
            continue
        parts = path.removeprefix(prefix).split("/")
        for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
            name = prefix + "/".join(parts[:depth])
            entries.setdefault(
                name, {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            )
        if len(parts) == 1 or recursive:
            entries[path] = _entry(dataset, path, writer, expand)
    return list(entries.values())


def _entry(dataset: SampleDataset, path: str, writer: Commit, expand: bool) -> Item:
    size = dataset.file(writer).stat().st_size
    shown: Item = {
        "type": "file",
        "oid": writer.sha,
        "size": size,
        "lfs": {"oid": _etag(writer).strip('"'), "size": size, "pointerSize": 134},
        "path": path,
    }
    if expand:
        last = writer.as_json()
        shown["lastCommit"] = {name: last[name] for name in ("id", "title", "date")}
    return shown


def _etag(commit: Commit) -> str:
    return f'"{hashlib.sha256(commit.sha.encode()).hexdigest()}"'


def _range(header: str | None, size: int) -> tuple[int, int]:
    if not header:
        return 0, size
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _next_link(request: Request, **changed: int) -> str:
    kept = {**request.query_params, **{name: str(value) for name, value in changed.items()}}
    return f'<{request.url.replace(query=urlencode(kept))}>; rel="next"'


def _error(status: int, text: str, headers: dict[str, str], code: str | None = None) -> Response:
    named = {"X-Error-Code": code} if code else {}
    return JSONResponse({"error": text}, status, {**headers, **named, "X-Error-Message": text})
