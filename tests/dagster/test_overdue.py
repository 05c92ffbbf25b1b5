"""A day that is not published by its deadline is told from outside of Dagster."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import sensors
from pipelines.__main__ import main
from pipelines.overdue import overdue
from pipelines.settings import Settings
from tests.dagster.test_alerts import SECRET, Receiver
from tests.e2e.processes import run_command
from tests.helpers import REPOSITORY

UNIT = REPOSITORY / "deploy" / "systemd" / "hub-ledger-watch.service"
DAY = dt.date(2026, 11, 25)


def published(home: Path, verdicts: dict[str, str]) -> None:
    captures = [{"date": date, "verdict": verdict} for date, verdict in verdicts.items()]
    (home / "published").mkdir(exist_ok=True)
    (home / "published" / "manifest.json").write_text(json.dumps({"captures": captures}))


@pytest.mark.parametrize(
    ("time", "newest", "told"),
    [
        ("19:59", "2026-11-24", False),
        ("20:00", "2026-11-24", True),
        ("20:00", "2026-11-25", False),
        ("03:00", "2026-11-23", True),
    ],
)
def test_today_is_due_from_the_deadline_on(
    tmp_path: Path, time: str, newest: str, told: bool
) -> None:
    published(tmp_path, {newest: "admitted"})
    now = dt.datetime.combine(DAY, dt.time.fromisoformat(time), dt.UTC)
    text = overdue(Settings(home=tmp_path), now)
    assert bool(text) == told
    assert not text or f"the newest date published is {newest}" in text


def test_a_partial_capture_is_no_publication_of_its_day(tmp_path: Path) -> None:
    published(tmp_path, {"2026-11-24": "admitted", "2026-11-25": "partial"})
    now = dt.datetime.combine(DAY, dt.time(21), dt.UTC)
    assert "2026-11-25 is not published" in (overdue(Settings(home=tmp_path), now) or "")


def test_before_the_first_publication_there_is_none(tmp_path: Path) -> None:
    text = overdue(Settings(home=tmp_path), dt.datetime.combine(DAY, dt.time(21), dt.UTC)) or ""
    assert "the newest date published is none\n" in text


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b'{"captures": [{"da',
        b"[]",
        b"\xff\xfe",
        b'{"captures": null}',
        b'{"captures": [{"verdict": "admitted"}]}',
        b'{"captures": [{"date": "2026-11-31", "verdict": "admitted"}]}',
        b'{"captures": [{"date": 20261125, "verdict": "admitted"}]}',
        None,
    ],
)
def test_a_manifest_that_cannot_be_read_is_no_publication(
    tmp_path: Path, damaged: bytes | None
) -> None:
    manifest = tmp_path / "published" / "manifest.json"
    manifest.parent.mkdir()
    if damaged is None:
        manifest.mkdir()
    else:
        manifest.write_bytes(damaged)
    text = overdue(Settings(home=tmp_path), dt.datetime.combine(DAY, dt.time(21), dt.UTC)) or ""
    assert "2026-11-25 is not published" in text
    assert f"the newest date published is none: {manifest} cannot be read (" in text


def test_the_command_tells_the_webhook_without_dagster(tmp_path: Path, today: dt.date) -> None:
    with Receiver().serving() as receiver:
        done = run_command(tmp_path, "watch", HUB_LEDGER_ALERT_WEBHOOK=receiver.address)
        assert done.returncode == 1
        (text,) = receiver.take()
        assert "is not published" in text
        assert text in done.stderr
        published(tmp_path, {str(today): "admitted"})
        done = run_command(tmp_path, "watch", HUB_LEDGER_ALERT_WEBHOOK=receiver.address)
        assert (done.returncode, done.stderr) == (0, "")
        assert receiver.take() == []
    assert not (tmp_path / "dagster").exists()


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The webhook of a home where nothing is published; a minute is short."""
    monkeypatch.setattr(sensors, "_PAUSE_SECONDS", 0.01)
    with Receiver().serving() as serving:
        monkeypatch.setenv("HUB_LEDGER_HOME", str(tmp_path))
        monkeypatch.setenv("HUB_LEDGER_ALERT_WEBHOOK", serving.address)
        yield serving


def test_an_ill_webhook_is_tried_as_often_as_by_the_sensors(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.ill_for = 2
    assert main(["watch"]) == 1
    assert len(receiver.take()) == 1
    assert "webhook" not in capsys.readouterr().err
    receiver.ill_for = 3
    assert main(["watch"]) == 3
    assert receiver.take() == []
    said = capsys.readouterr().err
    assert "the alert webhook: HTTP 500" in said
    assert SECRET not in said


def test_a_bad_setting_is_told_where_the_webhook_can_be_read(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_LEDGER_PAGE_SIZE", "0")
    assert main(["watch"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "hub-ledger: HUB_LEDGER_PAGE_SIZE='0' cannot be used: it should be 1 to 1000 rows\n"
    )
    (text,) = receiver.take()
    assert text.startswith("*Hub Ledger: its settings cannot be used*\nWhy: HUB_LEDGER_PAGE_SIZE")
    assert main(["probe"]) == 2
    assert receiver.take() == []
    receiver.answer = 404
    assert main(["watch"]) == 3
    assert "the alert webhook: HTTP 404" in capsys.readouterr().err


def test_a_bad_setting_that_is_the_webhook_itself_is_said_in_one_line(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_LEDGER_PAGE_SIZE", "0")
    monkeypatch.setenv("HUB_LEDGER_ALERT_WEBHOOK", receiver.address.removeprefix("http://"))
    assert main(["watch"]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert SECRET not in said


def test_an_unreadable_file_of_settings_is_told(
    tmp_path: Path,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The unit's environment has it all the same: systemd skips the lines that are no text."""
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"# \xe9\n")
    assert main(["watch"]) == 2
    assert ".env cannot be read (UnicodeDecodeError)" in capsys.readouterr().err
    assert len(receiver.take()) == 1


def test_systemd_tries_again_where_nobody_was_told(receiver: Receiver) -> None:
    found = re.search(r"^RestartPreventExitStatus=(.+)$", UNIT.read_text(), re.M)
    assert found
    told = {int(status) for status in found[1].split()}
    assert main(["watch"]) in told
    receiver.answer = 500
    assert main(["watch"]) not in told
