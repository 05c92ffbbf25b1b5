"""Captures made elsewhere: all of a folder or nothing, each fault in one line."""

import datetime as dt
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from tests.helpers import item, write_capture

DATE = dt.date(2026, 8, 22)


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(tmp_path / "captures")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def lines(count: int) -> bytes:
    return b"".join(json.dumps(item(f"x/{n}", n)).encode() + b"\n" for n in range(count))


def test_plain_gzip_and_zstd_hold_the_same(store: CaptureStore, folder: Path) -> None:
    (folder / "2026-08-20.jsonl").write_bytes(lines(2500))
    (folder / "2026-08-21.jsonl.gz").write_bytes(gzip.compress(lines(2500)))
    frames = [zstandard.compress(lines(2500)[:5000]), zstandard.compress(lines(2500)[5000:])]
    (folder / "2026-08-22.jsonl.zst").write_bytes(b"".join(frames))
    sealed = import_files(store, folder, 0.01, 0.9)
    assert [one.rows for one in sealed] == [2500] * 3
    assert len({one.items_sha256 for one in sealed}) == 1


def test_a_recorded_date_stays_as_it_is(store: CaptureStore, folder: Path) -> None:
    write_capture(folder, DATE, [item("x/a", 1)])
    import_files(store, folder, 0.01, 0.9)
    write_capture(folder, DATE, [item("x/a", 2)])
    assert import_files(store, folder, 0.01, 0.9) == []
    assert store.verify(DATE).rows == 1


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("2026-08-22.jsonl", b"", "empty"),
        ("2026-08-22.jsonl", b"\n \n", "empty"),
        ("2026-08-22.jsonl.gz", b"", "empty"),
        ("2026-08-22.jsonl.gz", b"not gzip", "cannot be read"),
        ("2026-08-22.jsonl.gz", gzip.compress(lines(5000))[:-40], "cannot be read"),
        ("2026-08-22.jsonl.zst", b"not zstd", "cannot be read"),
        ("2026-08-22.jsonl.zst", zstandard.compress(lines(5000))[:-40], "cannot be read"),
        ("2026-08-22.jsonl", b"\x00\xff garbage", "unusable"),
        ("2026-08-22.jsonl", b'{"models": []}', "unusable"),
        ("2026-13-01.jsonl", lines(1), "YYYY-MM-DD"),
        ("yesterday.jsonl", lines(1), "YYYY-MM-DD"),
        ("2999-01-01.jsonl", lines(1), "future"),
        ("notes.txt", b"", "no file named"),
    ],
)
def test_a_bad_file_is_named_and_nothing_is_written(
    store: CaptureStore, folder: Path, name: str, data: bytes, message: str
) -> None:
    if name != "notes.txt":
        write_capture(folder, dt.date(2026, 8, 1), [item("x/a")])
    (folder / name).write_bytes(data)
    with pytest.raises(LedgerError, match=message) as caught:
        import_files(store, folder, 0.01, 0.9)
    assert "\n" not in str(caught.value)
    assert store.dates() == []
    assert not list((store.root / ".open").glob("*/"))


def test_an_interrupted_import_leaves_nothing_for_the_next(
    store: CaptureStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C on the second of two files; then the first one is corrected."""
    for day in (21, 22):
        (folder / f"2026-08-{day}.jsonl").write_bytes(lines(3))
    opened = CaptureStore.open

    def interrupt(self: CaptureStore, date: dt.date, *rest: str) -> Any:
        if date.day == 22:
            raise KeyboardInterrupt
        return opened(self, date, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(CaptureStore, "open", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_files(store, folder, 0.01, 0.9)
    (folder / "2026-08-21.jsonl").write_bytes(lines(4))
    assert [one.rows for one in import_files(store, folder, 0.01, 0.5)] == [4, 3]


def test_two_files_of_one_date_are_refused(store: CaptureStore, folder: Path) -> None:
    (folder / "2026-08-22.jsonl").write_bytes(lines(1))
    (folder / "2026-08-22.jsonl.gz").write_bytes(gzip.compress(lines(1)))
    with pytest.raises(LedgerError, match="one date"):
        import_files(store, folder, 0.01, 0.9)


def test_no_such_folder(store: CaptureStore, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="not a folder"):
        import_files(store, tmp_path / "nowhere", 0.01, 0.9)


def test_sample_data_and_observations_never_share_a_record(
    store: CaptureStore, folder: Path
) -> None:
    write_capture(folder, DATE, [item("x/a", 1)])
    import_files(store, folder, 0.01, 0.9)
    write_capture(folder, DATE - dt.timedelta(days=1), [item("x/a", 1)])
    with pytest.raises(LedgerError, match="never mixed"):
        import_files(store, folder, 0.01, 0.9, sample="generated")


def test_a_partial_file_is_kept_and_marked(store: CaptureStore, folder: Path) -> None:
    for day, rows in ((20, 1000), (21, 260), (22, 1010)):
        (folder / f"2026-08-{day}.jsonl").write_bytes(lines(rows))
    sealed = import_files(store, folder, 0.01, 0.9)
    assert [one.verdict.split(":")[0] for one in sealed] == ["admitted", "partial", "admitted"]
    (folder / "2026-08-23.jsonl").write_bytes(lines(1000))
    (late,) = import_files(store, folder, 0.01, 0.9)
    assert late.verdict == "admitted"


_MANY = """
import resource, sys
from pathlib import Path
from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
print(len(import_files(CaptureStore(Path(sys.argv[1])), Path(sys.argv[2]), 0.01, 0.0)))
"""


def test_more_dates_than_a_process_may_commonly_open(folder: Path, tmp_path: Path) -> None:
    for number in range(100):
        write_capture(folder, DATE - dt.timedelta(days=number), [item("x/a", number)])
    command = [sys.executable, "-c", _MANY, str(tmp_path / "captures"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "100\n", done.stderr
