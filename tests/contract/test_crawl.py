"""The crawl over HTTP: whole, polite, resumable, and bound to tonight and to one host."""

import datetime as dt
import gzip
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assets.captures.assets import rows_check
from assets.captures.sources import capture_tonight, finish_crawls, import_files
from assets.captures.store import CaptureStore, Manifest, OpenCapture
from assets.errors import HubUnavailable, LedgerError
from assets.hub.client import HubAccess, HubClient
from assets.hub.items import parse_rows
from assets.hub.listing import probe_contract
from pipelines.progress import CrawlProgress
from pipelines.sample_hub.catalogue import SAMPLE
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import item, write_capture

Answer = Callable[[Request, int], Response]


class ScriptedHub(SampleHub):
    """A sample Hub whose n-th answer (from 1) may be replaced."""

    def __init__(self, hub: SampleHub, script: dict[int, Answer]) -> None:
        super().__init__(hub.items, "test")
        self._script = script

    def app(self) -> Starlette:
        async def route(request: Request) -> Response:
            number = len(self.requests) + 1
            if number in self._script:
                self.requests.append(str(request.url))
                return self._script[number](request, number)
            return await self._list_models(request)

        return Starlette(routes=[Route("/api/models", route)])


def client(endpoint: str, waits: list[float] | None = None, **more: object) -> HubClient:
    access = HubAccess(endpoint, **more)  # type: ignore[arg-type]
    return HubClient(access, sleep=(waits if waits is not None else []).append)


def rows(store: CaptureStore, date: dt.date) -> list[dict[str, object]]:
    with store.items_path(date).open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaptureStore]:
    yield CaptureStore(tmp_path / "captures")


def test_a_crawl_holds_every_model_once_and_seals_a_manifest(
    store: CaptureStore, endpoint: str, sample_hub: SampleHub, today: dt.date
) -> None:
    manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    kept = {row["_id"]: row for row in rows(store, today)}
    assert len(kept) == manifest.rows == len(sample_hub.items)
    for one in sample_hub.items:
        assert kept[one["_id"]]["downloadsAllTime"] == one["downloadsAllTime"]
        assert kept[one["_id"]].get("baseModels") == one.get("baseModels")
    assert manifest.pages == -(-len(sample_hub.items) // 100)
    assert (manifest.source, manifest.origin) == ("hub_api", endpoint)
    assert manifest.sample == SAMPLE
    assert store.verify(today) == manifest
    assert manifest.contract is not None
    assert manifest.contract.cursor_on_id is True
    assert manifest.contract.quota_headers
    assert manifest.contract.unknown_keys == {}
    assert not list((store.root / ".open").glob("*/"))
    assert len(sample_hub.requests) == manifest.pages
    assert all("/resolve/" not in url and "sort=createdAt" in url for url in sample_hub.requests)


def test_a_killed_crawl_goes_on_from_its_last_page(
    store: CaptureStore, endpoint: str, sample_hub: SampleHub, today: dt.date
) -> None:
    def die(capture: OpenCapture, quota_left: int | None) -> None:
        if capture.pages == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9, die, page_size=100)
    assert not store.has(today)
    # The kill may tear the journal's last line; what is certain is kept.
    with (store.root / ".open" / str(today) / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"page":4,"ro')
    before = len(sample_hub.requests)
    manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert before == 3
    assert len(sample_hub.requests) == manifest.pages
    assert len({row["_id"] for row in rows(store, today)}) == len(sample_hub.items)


def test_a_bad_link_does_not_stick(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    """A foreign link, or a saved address refused later, costs a run and not the night."""
    foreign = {"Link": '<http://evil.example/api/models>; rel="next"'}
    hub = ScriptedHub(
        sample_hub,
        {
            2: lambda r, n: Response(b"[]", 200, foreign, "application/json"),
            4: lambda r, n: Response("no such cursor", 500),
            5: lambda r, n: Response("no such cursor", 400),
            6: lambda r, n: Response("no such cursor", 400),
        },
    )
    with serving(hub) as endpoint:
        for expected in ("another host", "contract"):
            with pytest.raises(LedgerError, match=expected):
                capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
        manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert manifest.rows == len(sample_hub.items)


def test_a_crawl_over_midnight_counts_for_neither_date(
    store: CaptureStore, endpoint: str, today: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([today, today, today + dt.timedelta(days=1)])
    monkeypatch.setattr("assets.captures.sources._today", lambda: next(clock))
    with pytest.raises(LedgerError, match="ended while it was being recorded"):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert store.dates() == []


def test_a_clock_on_another_date_than_the_hubs_is_refused(
    store: CaptureStore, endpoint: str, today: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    monkeypatch.setattr("assets.captures.sources._now", lambda: ahead)
    with pytest.raises(LedgerError, match="set the clock"):
        capture_tonight(store, client(endpoint), ahead.date(), 0.01, 0.9)
    assert store.dates() == []


def test_a_whole_crawl_that_was_not_sealed_in_time_is_sealed_later(
    store: CaptureStore, endpoint: str, today: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full when it came to sealing; another one broke off in the middle."""
    yesterday, before = (today - dt.timedelta(days=days) for days in (1, 2))

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    for date, name in ((before, "append"), (yesterday, "_write_sealed")):
        with monkeypatch.context() as then:
            then.setattr("assets.captures.sources._today", lambda date=date: date)
            then.setattr(OpenCapture, name, full)
            with pytest.raises(OSError, match="no space"):
                capture_tonight(store, client(endpoint), date, 0.01, 0.9, page_size=100)
    left = store.root / ".open" / str(yesterday)
    assert not (left / "sealed").exists()
    said: list[str] = []
    with monkeypatch.context() as still:
        still.setattr(OpenCapture, "_write_sealed", full)
        assert finish_crawls(store, 0.01, 0.9, said.append) == []
    (sealed,) = finish_crawls(store, 0.01, 0.9, said.append)
    assert (sealed.date, sealed.source, sealed.origin) == (yesterday, "hub_api", endpoint)
    assert store.verify(yesterday).rows == len(rows(store, yesterday)) == sealed.rows
    # One that ended early is set aside, as it would have been on its day.
    partial = before - dt.timedelta(days=1)
    with store.open(partial, "hub_api", endpoint) as capture:
        capture.append(parse_rows([json.dumps(item("x/a", 1)).encode()]), None, SAMPLE)
    assert finish_crawls(store, 0.01, 0.9, said.append) == []
    assert store.dates() == [yesterday]
    assert [path.name[:10] for path in (store.root / ".refused").iterdir()] == [str(partial)]
    for line, words in zip(said, ["was not sealed: no space", "it is now", "partial"], strict=True):
        assert words in line


@pytest.mark.parametrize("cut", ["first page", "last page", "for good"])
def test_a_list_that_ends_above_its_oldest_models_is_asked_again(
    store: CaptureStore,
    sample_hub: SampleHub,
    today: dt.date,
    monkeypatch: pytest.MonkeyPatch,
    cut: str,
) -> None:
    """A Hub in trouble leaves out where the list goes on; where it insists, a check warns."""

    def capture(date: dt.date, hub: ScriptedHub) -> Manifest:
        monkeypatch.setattr("assets.captures.sources._today", lambda: date)
        with serving(hub) as endpoint:
            return capture_tonight(store, client(endpoint), date, 0.01, 0.5, page_size=100)

    def ended(request: Request, number: int) -> Response:
        return Response("[]", 200)

    nights = [today + dt.timedelta(days=n) for n in (-1, 0, 1)]
    whole = capture(nights[0], ScriptedHub(sample_hub, {}))
    first = 1 if cut == "first page" else whole.pages
    tries = 3 if cut == "for good" else 1
    manifest = capture(nights[1], ScriptedHub(sample_hub, {first + n: ended for n in range(tries)}))
    assert manifest.retries == min(tries, 2)
    assert (manifest.rows < whole.rows) == (cut == "for good")
    check = rows_check(store, [nights[1]])
    assert check.passed == (cut != "for good")
    assert check.passed or "above the oldest models" in (check.description or "")
    # What a night lacked is no measure of the next one.
    again = capture(nights[2], ScriptedHub(sample_hub, {whole.pages: ended}))
    assert (again.rows, again.retries) == (whole.rows, 1)
    assert rows_check(store, [nights[2]]).passed


def test_a_long_wait_is_bounded(store: CaptureStore, sample_hub: SampleHub, today: dt.date) -> None:
    endless = {"RateLimit": '"api";r=0;t=864000'}
    hub = ScriptedHub(sample_hub, {1: lambda r, n: Response("", 429, endless)})
    waits: list[float] = []
    with serving(hub) as endpoint:
        capture_tonight(store, client(endpoint, waits), today, 0.01, 0.9)
    assert waits == [3601]


def test_a_past_date_is_refused(store: CaptureStore, endpoint: str, today: dt.date) -> None:
    with pytest.raises(LedgerError, match="today's counters only"):
        capture_tonight(store, client(endpoint), today - dt.timedelta(days=1), 0.01, 0.9)
    assert not store.root.exists()


def test_a_sealed_date_is_never_written_again(
    store: CaptureStore, endpoint: str, today: dt.date
) -> None:
    capture_tonight(store, client(endpoint), today, 0.01, 0.9)
    sealed = store.items_path(today).read_bytes()
    with pytest.raises(LedgerError, match="recorded already"):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9)
    assert store.items_path(today).read_bytes() == sealed


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 529])
def test_what_may_pass_is_tried_again(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date, status: int
) -> None:
    hub = ScriptedHub(sample_hub, {2: lambda request, n: Response("<html>", status)})
    with serving(hub) as endpoint:
        manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert (manifest.rows, manifest.retries) == (len(sample_hub.items), 1)


@pytest.mark.parametrize(
    "answer",
    [
        Response(b'[{"_id":"', media_type="application/json"),
        Response(b"[]", headers={"Content-Length": "900"}),
        Response(b"not gzip", headers={"Content-Encoding": "gzip"}),
        Response(gzip.compress(b"[]" * 9000)[:-9], headers={"Content-Encoding": "gzip"}),
    ],
    ids=["invalid JSON", "truncated", "broken gzip", "gzip cut short"],
)
def test_a_damaged_page_is_asked_for_again(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date, answer: Response
) -> None:
    hub = ScriptedHub(sample_hub, {2: lambda request, n: answer})
    with serving(hub) as endpoint:
        manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert (manifest.rows, manifest.retries) == (len(sample_hub.items), 1)


@pytest.mark.parametrize(("status", "hint"), [(400, "make probe"), (401, "HF_TOKEN"), (404, "Hub")])
def test_what_will_not_pass_fails_at_once(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date, status: int, hint: str
) -> None:
    hub = ScriptedHub(sample_hub, {1: lambda request, n: Response("no", status)})
    with serving(hub) as endpoint, pytest.raises(LedgerError, match=hint):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9)
    assert len(hub.requests) == 1
    assert not store.has(today)


def test_retry_after_and_the_quota_are_obeyed(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    hub = ScriptedHub(
        sample_hub,
        {
            1: lambda request, n: Response("", 429, {"Retry-After": "9"}),
            2: lambda request, n: Response("", 429, {"RateLimit": '"api";r=0;t=137'}),
        },
    )
    waits: list[float] = []
    with serving(hub) as endpoint:
        capture_tonight(store, client(endpoint, waits), today, 0.01, 0.9)
    assert waits == [10, 138]


def test_no_429_is_met_while_the_headers_tell_the_truth(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    waits: list[float] = []
    hub = SampleHub(
        sample_hub.items, "test", quota=2, window=300, clock=lambda: time.monotonic() + sum(waits)
    )

    with serving(hub) as endpoint:
        manifest = capture_tonight(store, client(endpoint, waits), today, 0.01, 0.9, page_size=100)
    assert manifest.retries == 0
    assert len(hub.requests) == manifest.pages
    # The last page is waited after by nobody, though it uses its window up.
    assert manifest.pages % 2 == 0
    assert len(waits) == manifest.pages // 2 - 1


def test_another_host_and_a_repeated_page_are_refused(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    foreign = {"Link": '<http://evil.example/api/models>; rel="next"'}
    hub = ScriptedHub(
        sample_hub, {1: lambda r, n: Response(b"[]", 200, foreign, "application/json")}
    )
    with serving(hub) as endpoint, pytest.raises(LedgerError, match="another host"):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9)

    def again(request: Request, number: int) -> Response:
        return Response(b"[]", 200, {"Link": f'<{request.url}>; rel="next"'}, "application/json")

    hub = ScriptedHub(sample_hub, {1: again})
    other = CaptureStore(store.root / "other")
    with serving(hub) as endpoint, pytest.raises(LedgerError, match="repeats a page"):
        capture_tonight(other, client(endpoint), today, 0.01, 0.9)


def test_a_gzip_bomb_is_refused(store: CaptureStore, sample_hub: SampleHub, today: dt.date) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"Content-Encoding": "gzip"}
    hub = ScriptedHub(sample_hub, {1: lambda r, n: Response(bomb, 200, headers)})
    with serving(hub) as endpoint, pytest.raises(LedgerError, match="more than 1000000 bytes"):
        capture_tonight(store, client(endpoint, max_page_bytes=1_000_000), today, 0.01, 0.9)


def test_too_many_bad_rows_fail_the_capture_and_keep_the_bytes(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    for one in sample_hub.items[:20]:
        one["downloads"] = "many"
    with serving(sample_hub) as endpoint:
        with pytest.raises(LedgerError, match=r"unusable .*downloads"):
            capture_tonight(store, client(endpoint), today, 0.01, 0.9)
        assert not store.has(today)
        assert list((store.root / ".refused").glob("*/*.bad.jsonl.zst"))
        manifest = capture_tonight(store, client(endpoint), today, 0.5, 0.9)
    assert (manifest.quarantined, manifest.rows) == (20, len(sample_hub.items) - 20)


def test_an_unreachable_hub_is_said_so(store: CaptureStore, today: dt.date) -> None:
    with pytest.raises(HubUnavailable, match="did not answer"):
        capture_tonight(store, client("http://127.0.0.1:9"), today, 0.01, 0.9)


def test_the_token_travels_only_encrypted_or_on_this_machine() -> None:
    said: list[str] = []

    def sent(endpoint: str) -> dict[str, str]:
        return HubClient(HubAccess(endpoint, token="hf_secret"), say=said.append)._headers

    assert "authorization" in {name.lower() for name in sent("https://huggingface.co")}
    assert "authorization" in {name.lower() for name in sent("http://127.0.0.1:1")}
    assert said == []
    assert "authorization" not in {name.lower() for name in sent("http://hub.example")}
    assert ["is not told HF_TOKEN" in line for line in said] == [True]


def test_what_the_first_page_shows_is_kept(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    def odd(request: Request, number: int) -> Response:
        newest = max(one["_id"] for one in sample_hub.items)
        row = {"_id": newest, "id": "x/y", "downloads": 1, "novelty": 1}
        link = f'<{request.url}&cursor=b3BhcXVl>; rel="next"'
        return Response(json.dumps([row]), 200, {"Link": link})

    with serving(ScriptedHub(sample_hub, {1: odd, 2: lambda r, n: Response("[]")})) as endpoint:
        contract = capture_tonight(store, client(endpoint), today, 0.01, 0.9).contract
    assert contract is not None
    assert contract.unknown_keys == {"novelty": 1}
    assert "downloadsAllTime" in contract.never_seen
    assert (contract.cursor_on_id, contract.quota_headers) == (None, False)


def test_a_list_in_another_order_is_refused(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date
) -> None:
    rising = sorted(sample_hub.items, key=lambda one: one["_id"])[:50]
    hub = ScriptedHub(sample_hub, {1: lambda r, n: Response(json.dumps(rising))})
    with serving(hub) as endpoint, pytest.raises(LedgerError, match="falling order"):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9)


def test_probe_tells_what_it_saw(endpoint: str) -> None:
    text = "\n".join(probe_contract(client(endpoint)))
    assert "falls by _id" in text
    assert SAMPLE in text


def test_a_night_cut_short_is_set_aside_and_can_be_run_again(
    store: CaptureStore, sample_hub: SampleHub, today: dt.date, tmp_path: Path
) -> None:
    """The Hub says that a page in the middle is the last: the record must not believe it."""
    yesterday = today - dt.timedelta(days=1)
    write_capture(tmp_path / "in", yesterday, sample_hub.items)
    import_files(store, tmp_path / "in", 0.01, 0.9, sample="test")

    def last(request: Request, number: int) -> Response:
        newest = sorted(sample_hub.items, key=lambda one: one["_id"], reverse=True)
        rows = [one for one in newest if one["_id"] < newest[199]["_id"]][:100]
        return Response(json.dumps(rows), headers={"X-Hub-Ledger-Sample": "test"})

    with (
        serving(ScriptedHub(sample_hub, {3: last})) as endpoint,
        pytest.raises(LedgerError, match=r"partial: 300 rows.*run again"),
    ):
        capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert store.dates() == [yesterday]
    with serving(ScriptedHub(sample_hub, {})) as endpoint:
        manifest = capture_tonight(store, client(endpoint), today, 0.01, 0.9, page_size=100)
    assert (manifest.rows, manifest.verdict) == (len(sample_hub.items), "admitted")


def test_the_terminal_shows_how_far_the_crawl_is(
    store: CaptureStore, endpoint: str, sample_hub: SampleHub, today: dt.date
) -> None:
    total = len(sample_hub.items)
    out = io.StringIO()
    show = CrawlProgress(total, out)
    capture_tonight(store, client(endpoint), today, 0.01, 0.9, show, page_size=100)
    lines = out.getvalue().split("\r\x1b[K")[1:]
    assert len(lines) == -(-total // 100)
    assert lines[1].startswith("[")
    assert "2 pages, 200 models, " in lines[1]
    assert " a second, quota left " in lines[1]
    assert lines[1].endswith(" to go")
    assert lines[-1].startswith(f"{len(lines)} pages, {total} models")
    assert lines[-1].endswith("\n")
