"""The captures folder between two processes, and after one that was killed."""

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from assets.captures.sources import finish_crawls, import_files
from assets.captures.store import CaptureStore, OpenCapture
from assets.errors import LedgerError
from assets.hub.items import parse_rows
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


def receive(capture: OpenCapture, next_url: str | None) -> None:
    """One page, after which the list goes on or ends."""
    capture.append(parse_rows([json.dumps(item("x/a")).encode()]), next_url)


def test_what_was_set_aside_goes_after_a_while(tmp_path: Path) -> None:
    store = CaptureStore(tmp_path / "captures")
    with store.open(DATE, "hub_api", "hub") as capture:
        receive(capture, None)
        aside = capture.refuse()
    # However old its pages are.
    os.utime(aside, (0, 0))
    foreign = aside.with_name("for the record")
    foreign.mkdir()
    now = dt.datetime.now(dt.UTC)
    assert store.remove_useless(now - dt.timedelta(hours=1)) == []
    assert store.remove_useless(now + dt.timedelta(hours=1)) == [aside]
    assert list(aside.parent.iterdir()) == [foreign]


def test_what_broke_off_goes_after_a_while_and_what_is_whole_stays(tmp_path: Path) -> None:
    record(tmp_path, {DATE: [item("x/a")]})
    store = CaptureStore(tmp_path / "captures")
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    for date, source, ids, next_url, is_old in (
        (DATE + day, "hub_api", "hub", "page 2", True),
        (DATE + 2 * day, "hub_archive", "surrogate", "1000", True),
        (DATE + 3 * day, "hub_api", "hub", None, True),
        (DATE + 4 * day, "hub_archive", "surrogate", None, True),
        # A backfill that goes on.
        (DATE + 5 * day, "hub_archive", "surrogate", "1000", False),
        (DATE + 6 * day, "hub_api", "hub", "page 2", True),
        (now.date(), "hub_api", "hub", "page 2", True),
    ):
        with store.open(date, source, "origin", ids) as capture:
            receive(capture, next_url)
        if is_old:
            os.utime(capture.folder, (0, 0))
    # A night looks at it without making it younger; it seals the one that is whole.
    sealed = [manifest.date for manifest in finish_crawls(store, 0.01, 0.9)]
    assert sealed == [DATE + 3 * day]

    def left() -> list[dt.date]:
        folders = (store.root / ".open").glob("*/")
        return sorted(dt.date.fromisoformat(folder.name) for folder in folders)

    before = now - day
    with store.open(DATE + 6 * day, "hub_api", "origin"):
        removed = store.remove_useless(before)
    assert removed == [store.root / ".open" / str(DATE + number * day) for number in (1, 2)]
    assert left() == [*(DATE + number * day for number in (4, 5, 6)), now.date()]
    assert store.remove_useless(before) == [store.root / ".open" / str(DATE + 6 * day)]
    assert not list((store.root / ".refused").iterdir())
    assert store.dates() == [DATE, DATE + 3 * day]
