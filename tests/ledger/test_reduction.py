"""Old captures kept as differences: exact, verified before rows go, checked when they return."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.ledger import reduction
from assets.ledger.load import load_capture
from assets.ledger.reduction import reduce_captures
from assets.ledger.warehouse import connect
from tests.helpers import Item, item, ledger, load, record

FIRST, SECOND, THIRD = (dt.date(2026, 1, day) for day in (1, 2, 3))

CAPTURES: dict[dt.date, list[Item]] = {
    FIRST: [
        item("x/stays", 5, downloadsAllTime=10**15, likes=1, trendingScore=0.5),
        item("x/goes", 1),
        item("x/counts-again", None, downloadsAllTime=None),
    ],
    SECOND: [
        item("x/stays", 5, downloadsAllTime=10**15, likes=1, trendingScore=0.5),
        item("x/counts-again", 2, downloadsAllTime=9),
        item("'; drop table raw.models; --/new", 7, ["x/stays"], tags=["license:mit", "'"]),
    ],
    THIRD: [
        item("y/renamed", 4, _id=item("x/stays")["_id"], lastModified="2026-01-02T00:00:00.000Z"),
        item("x/counts-again", None),
        item("x/goes", 1),
    ],
}


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    record(tmp_path, CAPTURES)
    load(tmp_path, CAPTURES)
    return CaptureStore(tmp_path / "captures")


def test_differences_build_on_the_capture_before(tmp_path: Path, store: CaptureStore) -> None:
    with connect(tmp_path) as connection:
        expected = ledger(connection)
        done = reduce_captures(connection, store, THIRD)
    assert [(one.date, one.base, one.models) for one in done] == [
        (FIRST, None, 3), (SECOND, FIRST, 3),
    ]  # fmt: skip
    assert [store.is_reduced(date) for date in CAPTURES] == [True, True, False]
    assert not store.items_path(FIRST).exists()
    for date in CAPTURES:
        store.verify(date)
    (tmp_path / "warehouse.duckdb").unlink()
    load(tmp_path, CAPTURES)
    with connect(tmp_path) as connection:
        assert ledger(connection) == expected


@pytest.mark.parametrize("first", [1, 2])
def test_captures_of_every_format_are_read_and_built_on(
    tmp_path: Path, store: CaptureStore, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    with connect(tmp_path) as connection:
        expected = ledger(connection)
        monkeypatch.setattr(reduction, "_FORMAT", first)
        reduce_captures(connection, store, SECOND)
        monkeypatch.setattr(reduction, "_FORMAT", 3 - first)
        reduce_captures(connection, store, dt.date.max)
    assert [store.reduction(date).format for date in CAPTURES] == [first, 3 - first, 3 - first]
    (tmp_path / "warehouse.duckdb").unlink()
    load(tmp_path, CAPTURES)
    with connect(tmp_path) as connection:
        assert ledger(connection) == expected


def test_a_format_of_a_later_version_is_refused(
    tmp_path: Path, store: CaptureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reduction._FORMATS, 3, reduction._FORMATS[2])
    monkeypatch.setattr(reduction, "_FORMAT", 3)
    with connect(tmp_path) as connection:
        reduce_captures(connection, store, dt.date.max)
    monkeypatch.delitem(reduction._FORMATS, 3)
    (tmp_path / "warehouse.duckdb").unlink()
    with (
        connect(tmp_path) as connection,
        pytest.raises(LedgerError, match="of format 3, written by a later version"),
    ):
        load_capture(connection, store, FIRST)


def test_rows_stay_where_the_differences_would_not_give_them_back(
    tmp_path: Path, store: CaptureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Differences that leave a column out, as a mistake in this code would.
    right = reduction._patched
    monkeypatch.setattr(reduction, "_patched", lambda form: right(form).replace("base.task", "'x'"))
    with connect(tmp_path) as connection:
        reduce_captures(connection, store, SECOND)
        with pytest.raises(LedgerError, match="would lose rows"):
            reduce_captures(connection, store, THIRD)
    assert not store.is_reduced(SECOND)
    store.verify(SECOND)
    assert not (store.folder(SECOND) / "reduced.tmp").exists()


def test_a_damaged_reduced_capture_is_named(tmp_path: Path, store: CaptureStore) -> None:
    with connect(tmp_path) as connection:
        reduce_captures(connection, store, THIRD)
    path = store.reduced_folder(SECOND) / "counters.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    with pytest.raises(LedgerError, match=r"reduced/counters\.parquet differs from its checksum"):
        store.verify(SECOND)
    path.unlink()
    with pytest.raises(LedgerError, match=r"reduced/counters\.parquet is missing"):
        store.verify(SECOND)


def test_a_reduced_capture_without_its_base_is_refused(tmp_path: Path, store: CaptureStore) -> None:
    with connect(tmp_path) as connection:
        reduce_captures(connection, store, THIRD)
    (tmp_path / "warehouse.duckdb").unlink()
    with connect(tmp_path) as connection:
        with pytest.raises(LedgerError, match="builds on that of 2026-01-01"):
            load_capture(connection, store, SECOND)
        assert connection.execute("select count(*) from raw.captures").fetchall() == [(0,)]


def test_only_loaded_captures_are_reduced(tmp_path: Path, store: CaptureStore) -> None:
    (tmp_path / "warehouse.duckdb").unlink()
    load(tmp_path, [FIRST])
    with connect(tmp_path) as connection:
        assert [one.date for one in reduce_captures(connection, store, dt.date.max)] == [FIRST]


def test_nothing_is_reduced_while_the_folder_holds_another_capture(
    tmp_path: Path, store: CaptureStore
) -> None:
    shutil.rmtree(store.folder(SECOND))
    (tmp_path / "incoming" / f"{SECOND}.jsonl").unlink()
    record(tmp_path, {SECOND: [item("x/stays", 1005)]})
    with (
        connect(tmp_path) as connection,
        pytest.raises(LedgerError, match="another capture of 2026-01-02"),
    ):
        reduce_captures(connection, store, dt.date.max)
    assert not any(store.is_reduced(date) for date in CAPTURES)


@pytest.mark.parametrize("replaced", [False, True], ids=["missing", "another"])
def test_a_base_that_is_missing_or_another_one_is_noticed_before_anything_is_removed(
    tmp_path: Path, store: CaptureStore, replaced: bool
) -> None:
    with connect(tmp_path) as connection:
        reduce_captures(connection, store, dt.date.max)
    shutil.rmtree(store.folder(FIRST))
    if replaced:
        record(tmp_path, {FIRST: [item("y/other", 1), item("y/more", 2), item("y/most", 3)]})
    with pytest.raises(LedgerError, match="restore captures from a backup"):
        store.verify(SECOND)
