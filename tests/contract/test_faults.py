"""The fault matrix: each fault on the first, a middle and the last page, and seeded mixes.

After a fault that may pass, the capture equals the undisturbed one; after one that may not, the
message says what happened and nothing is sealed.
"""

import datetime as dt
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
import zstandard

from assets.captures.sources import capture_tonight
from assets.captures.store import CaptureStore, Manifest
from assets.errors import LedgerError
from assets.hub.client import HubAccess, HubClient
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.faults import HOSTILE_ROWS, PASSING, REFUSED, Fault, FaultyHub
from pipelines.sample_hub.server import serving

PAGE = 60
ITEMS = Catalogue(models=200).items(dt.date(2026, 11, 25))
PAGES = -(-len(ITEMS) // PAGE)
PLACES = {"first": 1, "middle": PAGES // 2 + 1, "last": PAGES}

MIXES = 130
"""Seeded mixes of faults, beside each fault alone in three places."""


def attempt(root: Path, endpoint: str) -> tuple[Manifest, list[float]]:
    waits: list[float] = []
    access = HubAccess(endpoint, timeout=5, page_deadline=0.3, max_page_bytes=5_000_000, tries=7)
    client = HubClient(access, sleep=waits.append)
    today = dt.datetime.now(dt.UTC).date()
    return capture_tonight(CaptureStore(root), client, today, 0.5, 0.9, page_size=PAGE), waits


def crawl(root: Path, hub: FaultyHub) -> tuple[Manifest, list[float]]:
    with serving(hub) as endpoint:
        return attempt(root, endpoint)


def rows(root: Path) -> list[dict[str, Any]]:
    store = CaptureStore(root)
    (date,) = store.dates()
    with store.items_path(date).open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    root = tmp_path_factory.mktemp("undisturbed")
    manifest, _ = crawl(root, FaultyHub(ITEMS, {}))
    assert (manifest.pages, manifest.rows, manifest.retries) == (PAGES, len(ITEMS), 0)
    return rows(root)


@pytest.mark.parametrize(("name", "place"), list(itertools.product(PASSING, PLACES)))
def test_a_fault_that_passes(
    tmp_path: Path, undisturbed: list[dict[str, Any]], name: str, place: str
) -> None:
    hub = FaultyHub(ITEMS, {PLACES[place]: PASSING[name]})
    manifest, waits = crawl(tmp_path, hub)
    assert rows(tmp_path) == undisturbed
    assert manifest.quarantined == (len(HOSTILE_ROWS) if name == "hostile rows" else 0)
    harmless = name in ("redirect", "empty page", "hostile rows")
    assert manifest.retries == (0 if harmless else 1)
    assert all("/resolve/" not in url for url in hub.requests)
    if name == "429 with quota":
        assert waits == [8]
    if name == "429 with Retry-After":
        assert waits == [4]
    if name == "429 with a date":
        assert 1 <= waits[0] <= 4


@pytest.mark.parametrize(("name", "place"), list(itertools.product(REFUSED, PLACES)))
def test_a_fault_that_stops_the_capture(tmp_path: Path, name: str, place: str) -> None:
    fault, message = REFUSED[name]
    with pytest.raises(LedgerError, match=message) as caught:
        crawl(tmp_path, FaultyHub(ITEMS, {PLACES[place]: fault}))
    assert "\n" not in str(caught.value)
    assert not CaptureStore(tmp_path).dates()


@pytest.mark.parametrize("seed", range(MIXES))
def test_a_mix_of_faults(tmp_path: Path, undisturbed: list[dict[str, Any]], seed: int) -> None:
    rng = random.Random(seed)
    # One slow answer is enough for a mix: it is the only fault that takes real time.
    names = [name for name in PASSING if name != "slow"]
    requests = rng.sample(range(1, 3 * PAGES), rng.randrange(1, 2 * PAGES))
    script: dict[int, Fault] = {number: PASSING[rng.choice(names)] for number in requests}
    refusal = rng.choice([*REFUSED, None, None, None, None, None, None, None])
    if refusal == "bomb":
        refusal = None
    stop_at = rng.randrange(1, 2 * PAGES)
    if refusal:
        script[stop_at] = REFUSED[refusal][0]
    hub = FaultyHub(ITEMS, script)
    with serving(hub) as endpoint:
        try:
            attempt(tmp_path, endpoint)
        except LedgerError as error:
            stopped = refusal is not None and REFUSED[refusal][1] in str(error)
            tired = "did not answer" in str(error) or "keeps sending" in str(error)
            assert stopped or tired, error
            assert not CaptureStore(tmp_path).dates()
            # The next run of the same night goes on, whatever stopped this one.
            hub.mend()
            attempt(tmp_path, endpoint)
    assert rows(tmp_path) == undisturbed


def test_models_that_come_and_go_between_pages(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    """What exists from the first page to the last is held exactly once."""
    items = [dict(one) for one in ITEMS]
    rng = random.Random(5)
    gone: set[str] = set()

    def between(number: int) -> None:
        newest = max(one["_id"] for one in items)
        items.append({**ITEMS[0], "_id": f"{int(newest, 16) + 1:024x}", "id": f"new/m-{number}"})
        victim = rng.choice([one for one in items if not one["id"].startswith("new/")])
        items.remove(victim)
        gone.add(victim["_id"])
        for one in items:
            one["downloads"] += rng.randrange(1000)

    hub = FaultyHub(items, {}, between)
    crawl(tmp_path, hub)
    found = [row["_id"] for row in rows(tmp_path)]
    assert len(found) == len(set(found))
    assert {row["_id"] for row in undisturbed} - gone <= set(found)


def test_a_page_sent_again_is_noticed(tmp_path: Path) -> None:
    """A cursor that jumps back would double rows; the order of _id gives it away."""
    first = str.removeprefix

    async def jump_back(request: Any, due: Any) -> Any:
        url = first(str(request.url), "").split("&cursor=")[0]
        due.headers["link"] = f'<{url}&again=1>; rel="next"'
        return due

    with pytest.raises(LedgerError, match="falling order"):
        crawl(tmp_path, FaultyHub(ITEMS, {2: jump_back}))
