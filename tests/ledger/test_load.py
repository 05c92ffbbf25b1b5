"""The ledger's properties over generated histories: lossless, order-free, idempotent.

The histories hold renames, recreations under one name, absences and returns, counters that fall,
and lineage that is edited away and back.
"""

import datetime as dt
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.ledger.due import facts_due
from assets.ledger.load import load_capture
from assets.ledger.reduction import reduce_captures
from assets.ledger.rows import read_items
from assets.ledger.warehouse import connect
from tests.helpers import Item, hub_id, item, ledger, load, record

FIRST = dt.date(2026, 1, 1)
_OWNERS = st.sampled_from(["Qwen", "unsloth", "someone"])
_COUNT = st.one_of(st.none(), st.integers(0, 3), st.just(10**15))
_TOLD = {
    "pipeline_tag": ["text-generation"],
    "createdAt": ["2025-12-01T00:00:00Z"],
    "lastModified": ["2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z"],
}


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    """One state of model `number`; its `_id` is its own whatever its name."""
    name = draw(st.sampled_from([f"{draw(_OWNERS)}/m{number}", "shared/name"]))
    made: Item = {
        "_id": hub_id(str(number)),
        "id": name,
        "tags": draw(st.sampled_from([[], ["a"]])),
    }
    for key, known in _TOLD.items():
        told = draw(st.sampled_from([None, *known]))
        if told is not None:
            made[key] = told
    for key in ("downloads", "downloadsAllTime", "likes"):
        value = draw(_COUNT)
        if value is not None:
            made[key] = value
    parents = draw(st.lists(st.integers(0, 4), max_size=2, unique=True))
    kind = draw(st.sampled_from(["none", "resolved", "tags"]))
    if kind == "resolved" and parents:
        named = [{"_id": hub_id(str(p)), "id": f"Qwen/m{p}"} for p in parents]
        made["baseModels"] = {"relation": "finetune", "models": named}
    if kind == "tags":
        made["tags"] = made["tags"] + [f"base_model:adapter:Qwen/m{p}" for p in parents]
    return made


@st.composite
def histories(draw: st.DrawFn) -> list[list[Item]]:
    """Captures of consecutive dates, each a non-empty set of models."""
    dates = draw(st.integers(1, 5))
    return [
        [draw(items(n)) for n in sorted(draw(st.sets(st.integers(0, 3), min_size=1)))]
        for _ in range(dates)
    ]


def dates_of(history: Sequence[object]) -> list[dt.date]:
    return [FIRST + dt.timedelta(days=3 * n) for n in range(len(history))]


def build(home: Path, history: list[list[Item]], order: Sequence[int]) -> dict[str, Any]:
    dates = dates_of(history)
    record(home, dict(zip(dates, history, strict=True)))
    load(home, [dates[n] for n in order])
    with connect(home) as connection:
        return ledger(connection)


def replay(connection: duckdb.DuckDBPyConnection, date: dt.date) -> list[Item]:
    """The capture of a date, from the ledger alone, for every column kept."""
    rows = connection.execute(
        """
        select models.hub_id, attributes.repo_id, counters.downloads, counters.downloads_all_time,
            counters.likes, attributes.tags, lineage.parents, attributes.task,
            attributes.created_at, updates.last_modified
        from raw.model_counters as counters
        join raw.models as models using (model_key)
        join raw.model_attributes as attributes
            on attributes.model_key = counters.model_key and attributes.valid_from <= counters.date
            and (attributes.valid_to is null or attributes.valid_to > counters.date)
        left join raw.model_updates as updates
            on updates.model_key = counters.model_key and updates.valid_from <= counters.date
            and (updates.valid_to is null or updates.valid_to > counters.date)
        left join raw.model_lineage as lineage
            on lineage.model_key = counters.model_key and lineage.valid_from <= counters.date
            and (lineage.valid_to is null or lineage.valid_to > counters.date)
        where counters.date = $date
        order by models.hub_id
        """,
        {"date": date},
    ).fetchall()
    replayed = []
    for identity, repo_id, downloads, all_time, likes, tags, parents, *told in rows:
        task, created_at, last_modified = told
        made: Item = {"_id": identity, "id": repo_id, "tags": tags}
        for key, value in (
            ("downloads", downloads),
            ("downloadsAllTime", all_time),
            ("likes", likes),
            ("pipeline_tag", task),
            ("createdAt", _as_sent(created_at)),
            ("lastModified", _as_sent(last_modified)),
        ):
            if value is not None:
                made[key] = value
        if parents and not parents[0]["from_tags"]:
            made["baseModels"] = {
                "relation": parents[0]["relation"],
                "models": [{"_id": p["hub_id"], "id": p["repo_id"]} for p in parents],
            }
        replayed.append(made)
    return replayed


def _as_sent(time: dt.datetime | None) -> str | None:
    return f"{time.isoformat()}Z" if time else None


_slow = settings(
    max_examples=int(os.environ.get("HUB_LEDGER_TEST_EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_slow
@given(history=histories(), data=st.data())
def test_any_order_of_loading_gives_the_same_ledger(
    history: list[list[Item]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    order = data.draw(st.permutations(range(len(history))))
    expected = build(tmp_path_factory.mktemp("sorted"), history, range(len(history)))
    assert build(tmp_path_factory.mktemp("shuffled"), history, order) == expected


@_slow
@given(history=histories(), data=st.data())
def test_every_capture_can_be_replayed_and_loading_again_changes_nothing(
    history: list[list[Item]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    order = data.draw(st.permutations(range(len(history))))
    before = build(home, history, order)
    load(home, dates_of(history))
    with connect(home) as connection:
        assert ledger(connection) == before
        for date, captured in zip(dates_of(history), history, strict=True):
            replayed = replay(connection, date)
            assert replayed == sorted(captured, key=lambda one: one["_id"])


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"from {table} order by hub_id").fetchall()


@_slow
@given(history=histories(), data=st.data())
def test_reduced_captures_replay_exactly_and_rebuild_the_same_ledger(
    history: list[list[Item]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Some captures are reduced, others arrive late and are reduced later, some stay full."""
    home = tmp_path_factory.mktemp("home")
    dates = dates_of(history)
    record(home, dict(zip(dates, history, strict=True)))
    store = CaptureStore(home / "captures")
    order = data.draw(st.permutations(dates))
    cuts = data.draw(st.lists(st.sampled_from([*dates, dt.date.max]), max_size=3))
    with connect(home) as connection:
        sealed = {}
        for date in order:
            load_capture(connection, store, date)
            read_items(connection, store.items_path(date))
            sealed[date] = rows_of(connection, "listed")
            if cuts:
                reduce_captures(connection, store, cuts.pop())
        for date in dates:
            connection.execute(
                "create or replace temp table replayed as from raw.models_on(?)", [date]
            )
            assert rows_of(connection, "replayed") == sealed[date]
        expected = ledger(connection)
    (home / "warehouse.duckdb").unlink()
    load(home, dates)
    with connect(home) as connection:
        assert ledger(connection) == expected


def test_intervals_join_what_lies_between_two_sightings(tmp_path: Path) -> None:
    a, b = item("x/a", 1, tags=["old"]), item("x/a", 2, tags=["new"])
    history = [[a], [b], [a], [a]]
    tables = build(tmp_path, history, [0, 2, 3, 1])
    dates = dates_of(history)
    spans = [(row[1], row[2], row[-1]) for row in tables["model_attributes"]]
    assert spans == [
        (dates[0], dates[1], ["old"]),
        (dates[1], dates[2], ["new"]),
        (dates[2], None, ["old"]),
    ]


def test_a_model_recreated_under_its_name_is_another_model(tmp_path: Path) -> None:
    old, new = item("x/a", 900), {**item("x/a", 1), "_id": "f" * 24}
    tables = build(tmp_path, [[old], [new]], [0, 1])
    assert len({row[0] for row in tables["model_counters"]}) == 2


def test_of_a_row_received_twice_the_last_one_counts(tmp_path: Path) -> None:
    date = FIRST
    record(tmp_path, {date: [item("x/a", 1), item("x/b", 5), item("x/a", 7)]})
    load(tmp_path, [date])
    with connect(tmp_path) as connection:
        counts = dict(
            connection.execute(
                "select hub_id, downloads from raw.model_counters join raw.models using (model_key)"
            ).fetchall()
        )
        duplicates = connection.execute("select duplicates from raw.captures").fetchall()
    assert counts == {hub_id("x/a"): 7, hub_id("x/b"): 5}
    assert duplicates == [(1,)]


def test_lineage_from_tags_where_the_hub_resolved_none(tmp_path: Path) -> None:
    tags = [
        "base_model:Qwen/Q",
        "base_model:quantized:Qwen/Q",
        "base_model:odd:name/with:colon",
        "base_model:",
    ]
    tables = build(tmp_path, [[item("x/a", tags=tags)]], [0])
    assert [row[3:] for row in tables["model_parents"]] == [
        ("quantized", None, "Qwen/Q", True),
        (None, None, "odd:name/with:colon", True),
    ]


def test_a_failed_load_leaves_nothing_behind(tmp_path: Path) -> None:
    record(tmp_path, {FIRST: [item("x/a")]})
    path = CaptureStore(tmp_path / "captures").items_path(FIRST)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"damage")
    with connect(tmp_path) as connection:
        with pytest.raises(LedgerError, match="differs from its checksum"):
            load_capture(connection, CaptureStore(tmp_path / "captures"), FIRST)
        assert facts_due(connection) == []
        assert connection.execute("select count(*) from raw.models").fetchall() == [(0,)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)], ids=["in order", "backwards"])
def test_many_models_over_one_connection(tmp_path: Path, order: Sequence[int]) -> None:
    """More than a row group: DuckDB 2.0 loses a table's statistics if the load is written badly."""
    dates = dates_of([1, 2, 3])
    states = ([1] * 130_000, [1] * 130_000, [1] * 125_000 + [2] * 5_000)
    for date, state in zip(dates, states, strict=True):
        items = [
            {"_id": f"{n:024x}", "id": f"x{version}/{n}", "library_name": f"v{version}",
             "baseModels": {"models": [{"id": f"y/{version}"}]}}
            for n, version in enumerate(state)
        ]  # fmt: skip
        record(tmp_path, {date: items})
    load(tmp_path, [dates[place] for place in order])
    with connect(tmp_path) as connection:
        for table in ("model_names", "model_cards", "model_lineage"):
            counts = connection.execute(
                f"select count(*), count(valid_to) from raw.{table}"
            ).fetchall()
            assert counts == [(135_000, 5_000)], table


def test_hostile_text_is_data(tmp_path: Path) -> None:
    names = [
        "'; drop schema raw cascade; --/x",
        'a"b/c',
        "<script>alert(1)</script>/x",
        "x/\u202egpj",
    ]
    tags = ["'); delete from raw.models; --", json.dumps({"a": 1}), "license:'x'"]
    tables = build(tmp_path, [[item(name, tags=tags) for name in names]], [0])
    assert {row[3] for row in tables["model_attributes"]} == set(names)
    assert all(row[-1] == tags for row in tables["model_attributes"])
