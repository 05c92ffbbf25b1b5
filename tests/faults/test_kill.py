"""Killed at any moment (SIGKILL), the next run finishes the work: no row lost, doubled or torn.

`HUB_LEDGER_TEST_KILLS` sets how many moments of a whole nightly are tried, and ten times as many of
crawl, seal, load and reduction, which are cheap; CI tries more than a developer's `make test`.
"""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.captures.store import CaptureStore
from assets.ledger.warehouse import connect
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.server import SampleHub, serving
from tests.e2e.processes import run_command, start_command
from tests.helpers import REPOSITORY, all_tables, ledger, load

WHOLE_KILLS = int(os.environ.get("HUB_LEDGER_TEST_KILLS", "1"))
CHEAP_KILLS = 10 * WHOLE_KILLS

RECORD = """
import datetime as dt, sys
from pathlib import Path
from assets.captures.sources import capture_tonight
from assets.captures.store import CaptureStore
from assets.hub.client import HubAccess, HubClient
from assets.ledger.load import load_capture
from assets.ledger.reduction import reduce_captures
from assets.ledger.warehouse import connect, writer_turn
home, endpoint = Path(sys.argv[1]), sys.argv[2]
store, today = CaptureStore(home / "captures"), dt.datetime.now(dt.UTC).date()
print("started", flush=True)
if not store.has(today):
    capture_tonight(store, HubClient(HubAccess(endpoint)), today, 0.01, 0.9, page_size=10)
with writer_turn(home), connect(home) as connection:
    load_capture(connection, store, today)
    reduce_captures(connection, store, dt.date.max)
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def hub(today: dt.date) -> Iterator[str]:
    items = Catalogue(models=150).items(today)
    with serving(SampleHub(items, "test", quota=10**9)) as endpoint:
        yield endpoint


def record_command(home: Path, endpoint: str) -> list[str]:
    return [sys.executable, "-c", RECORD, str(home), endpoint]


def ledger_of(home: Path) -> dict[str, Any]:
    with connect(home) as connection:
        return ledger(connection)


@pytest.fixture(scope="module")
def undisturbed(hub: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """The ledger of an undisturbed run, and how long it takes after its start."""
    home = tmp_path_factory.mktemp("undisturbed")
    process = subprocess.Popen(
        record_command(home, hub), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    start = time.monotonic()
    assert process.communicate(timeout=60)[0] == "done\n"
    return ledger_of(home), time.monotonic() - start


@pytest.mark.parametrize("seed", range(CHEAP_KILLS))
def test_killed_while_recording(
    tmp_path: Path, hub: str, undisturbed: tuple[dict[str, Any], float], seed: int
) -> None:
    expected, duration = undisturbed
    rng = random.Random(seed)
    for _ in range(rng.randrange(1, 3)):
        process = subprocess.Popen(
            record_command(tmp_path, hub), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        process.stdout.readline()
        time.sleep(rng.uniform(0, duration * 1.05))
        process.kill()
        process.communicate()
    done = subprocess.run(
        record_command(tmp_path, hub), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert ledger_of(tmp_path) == expected
    # The reduced capture is whole: the warehouse comes back from it alone.
    store = CaptureStore(tmp_path / "captures")
    assert [store.is_reduced(date) for date in store.dates()] == [True]
    (tmp_path / "warehouse.duckdb").unlink()
    load(tmp_path, store.dates())
    assert ledger_of(tmp_path) == expected


def published(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        tables = all_tables(connection)
    # When and in how many tries it was recorded is the one thing that may differ.
    del tables["meta_captures"]
    return tables


@pytest.fixture(scope="module")
def whole_night(
    hub: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[tuple[Any, ...]]], float]:
    home = tmp_path_factory.mktemp("night")
    start = time.monotonic()
    done = run_command(home, "nightly", HF_ENDPOINT=hub)
    assert done.returncode == 0, done.stderr
    return published(home), time.monotonic() - start


@pytest.mark.long
@pytest.mark.parametrize("seed", range(WHOLE_KILLS))
def test_killed_during_a_whole_night(
    tmp_path: Path,
    hub: str,
    whole_night: tuple[dict[str, list[tuple[Any, ...]]], float],
    seed: int,
) -> None:
    expected, duration = whole_night
    rng = random.Random(seed)
    process = start_command(tmp_path, "nightly", HF_ENDPOINT=hub)
    # Spread over the run from the end of the imports, in which nothing is written.
    time.sleep(duration * (0.3 + 0.7 * (seed + rng.random()) / WHOLE_KILLS))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = run_command(tmp_path, "nightly", HF_ENDPOINT=hub)
    assert done.returncode == 0, done.stderr
    assert published(tmp_path) == expected
