"""Two years from the sample archive in the ledger: same facts with ids and without, in any order.

The sample's defects are at their real dates; here is what the record says of each.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assets.captures.archive_source import capture_archive
from assets.captures.sources import capture_tonight
from assets.captures.store import CaptureStore
from assets.hub.archive import HINTS, HUB_STATS
from assets.hub.client import HubAccess, HubClient
from assets.ledger.due import facts_due
from assets.ledger.load import loaded_dates
from assets.ledger.warehouse import connect
from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
from pipelines.sample_hub.datasets import sample_archive
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import build_facts, load, marts, query

# From before the rename of THUDM, over the name taken over, to the partial night and after.
FIRST, LAST = dt.date(2025, 7, 9), dt.date(2025, 12, 10)


def recorded(home: Path, catalogue: Catalogue, today: dt.date, has_ids: bool) -> list[dt.date]:
    """Captures of the archive between the two dates and of tonight, sealed."""
    archive = sample_archive(catalogue, LAST, has_ids)
    store = CaptureStore(home / "captures")
    with serving(SampleHub(catalogue.items(today), SAMPLE, datasets=[archive])) as endpoint:
        client = HubClient(HubAccess(endpoint), hints=HINTS)
        capture_archive(store, client, HUB_STATS, FIRST, LAST, "month", 0.01, 0.9)
        capture_archive(
            store, client, HUB_STATS, LAST - dt.timedelta(days=20), LAST, "day", 0.01, 0.9
        )
        capture_tonight(store, client, today, 0.01, 0.0)
    return store.dates()


def facts(home: Path, orders: Sequence[Sequence[dt.date]]) -> dict[str, Any]:
    for dates in orders:
        load(home, dates)
        with connect(home) as connection:
            # The first night with ids renews no older date.
            since = [date for date in sorted(loaded_dates(connection)) if date >= min(dates)]
            assert facts_due(connection) == since
        build_facts(home, tested=True)
    tables = marts(home)
    # Which revision a capture came from, and its checksum, is what differs.
    del tables["meta_captures"]
    # A model that went before tonight keeps its surrogate: models go by what they were last called.
    called = {row[0]: f"{row[1]} of {row[6]}" for row in tables["dim_model"]}
    assert len(set(called.values())) == len(called)
    return {
        name: sorted((tuple(called.get(cell, cell) for cell in row) for row in rows), key=repr)
        for name, rows in tables.items()
    }


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(models=150)


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, today: dt.date
) -> dict[str, Any]:
    """The marts of the same history with the Hub's own ids."""
    home = tmp_path_factory.mktemp("ids")
    return facts(home, [recorded(home, catalogue, today, has_ids=True)])


@pytest.mark.long
def test_the_same_marts_with_the_hubs_ids_and_without_in_any_order(
    tmp_path: Path, catalogue: Catalogue, today: dt.date, expected: dict[str, Any]
) -> None:
    for name in ("tonight last", "reverse", "nights first"):
        home = tmp_path / name
        dates = recorded(home, catalogue, today, has_ids=False)
        orders = {
            "tonight last": [dates[:-1], dates[-1:]],
            "reverse": [dates[::-1]],
            "nights first": [dates[-1:], dates[:-1]],
        }
        assert facts(home, orders[name]) == expected, name
    assert query(home, "select count(*) from raw.models where is_surrogate")[0][0] > 0


def test_publishers_are_as_of_the_date(
    tmp_path: Path, catalogue: Catalogue, today: dt.date
) -> None:
    """THUDM became zai-org on 28 July 2025."""
    load(tmp_path, recorded(tmp_path, catalogue, today, has_ids=False))
    held = query(
        tmp_path,
        """
        select attributes.publisher, min(turn_from), max(coalesce(turn_to, date '9999-12-31'))
        from raw.identities join raw.model_attributes as attributes using (model_key)
        where attributes.publisher in ('THUDM', 'zai-org') group by 1 order by 1
        """,
    )
    assert [publisher for publisher, _, _ in held] == ["THUDM", "zai-org"]
    assert held[0][2] == held[1][1] == dt.date(2025, 8, 1)
    canonical = query(
        tmp_path,
        """
        select count(distinct canonical_key), count(distinct model_key)
        from raw.identities join raw.model_attributes using (model_key)
        where publisher = 'THUDM'
        """,
    )
    # Every one of them goes on under the new name.
    assert canonical[0][0] == canonical[0][1] > 5


@pytest.mark.long
def test_defects_are_named(expected: dict[str, Any]) -> None:
    found = {(row[0], row[1]): row for row in expected["meta_quality_events"]}
    partial = found[dt.date(2025, 11, 24), "partial"]
    assert 0.25 < partial[2] < 0.27
    assert partial[4] is False
    assert not [
        row
        for row in expected["fct_family_share_daily"]
        if row[0] == dt.date(2025, 11, 24) and "window" in row
    ]
