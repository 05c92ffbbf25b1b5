"""The captures folder between two processes, and after one that was killed."""

import datetime as dt
from pathlib import Path

import pytest

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from tests.helpers import item, record, write_capture

DATE = dt.date(2026, 1, 1)


def test_pages_left_by_a_kill_after_the_seal_are_removed(tmp_path: Path) -> None:
    record(tmp_path, {DATE: [item("x/a")]})
    store = CaptureStore(tmp_path / "captures")
    left = store.root / ".open" / str(DATE)
    left.mkdir(parents=True)
    (left / "000001.jsonl.zst").write_bytes(b"page")
    with (
        pytest.raises(LedgerError, match="recorded already"),
        store.open(DATE, "files", "again"),
    ):
        pass
    assert not left.exists()
    store.verify(DATE)


def test_who_opens_while_another_writes_is_told_and_may_not_double(tmp_path: Path) -> None:
    store = CaptureStore(tmp_path / "captures")
    with (
        store.open(DATE, "files", "one"),
        pytest.raises(LedgerError, match="another process is writing"),
        CaptureStore(store.root).open(DATE, "files", "two"),
    ):
        pass


def test_a_capture_without_a_usable_row_is_refused_whatever_the_limit(tmp_path: Path) -> None:
    store = CaptureStore(tmp_path / "captures")
    write_capture(tmp_path / "in", DATE, [{"_id": 1}])
    write_capture(tmp_path / "in", DATE + dt.timedelta(days=1), [item("x/a")])
    with pytest.raises(LedgerError, match="unusable"):
        import_files(store, tmp_path / "in", 1.0, 0.9)
    assert store.dates() == []
