"""Fixtures that all tests share."""

import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# A developer's own settings must not reach the tests; those of the tests themselves must.
for _name in list(os.environ):
    if _name.startswith(("HUB_LEDGER_", "HF_", "DAGSTER_")) and "_TEST_" not in _name:
        del os.environ[_name]
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PYTHON_DOTENV_DISABLED"] = "1"

from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave long tests to CI, and to who asks for them."""
    if os.environ.get("HUB_LEDGER_TEST_LONG") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="long; set HUB_LEDGER_TEST_LONG=1"))


@pytest.fixture(scope="module")
def today() -> dt.date:
    """Tonight's date (UTC); the tests of a module wait where they would see the next one begin."""
    now = dt.datetime.now(dt.UTC)
    later = now + dt.timedelta(minutes=15)
    if later.date() != now.date():
        midnight = dt.datetime.combine(later, dt.time(), dt.UTC)
        time.sleep((midnight - now).total_seconds() + 1)
    return later.date()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(models=400)


@pytest.fixture
def sample_hub(catalogue: Catalogue, today: dt.date) -> SampleHub:
    return SampleHub(catalogue.items(today), SAMPLE)


@pytest.fixture
def endpoint(sample_hub: SampleHub) -> Iterator[str]:
    with serving(sample_hub) as address:
        yield address


@pytest.fixture(scope="session")
def real_captures() -> Path:
    folder = SHARED_DATA / "hub_captures"
    if not folder.is_dir():
        pytest.skip("the real captures are not beside this checkout")
    return folder
