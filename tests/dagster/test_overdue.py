"""A day that is not published by its deadline is told from outside of Dagster."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.overdue import overdue
from pipelines.settings import Settings
from tests.dagster.test_alerts import Receiver
from tests.e2e.processes import run_command

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
