"""Every setting once, typed, from the environment.

Belongs here: names, defaults, limits and their validation. Does not belong here: use of them.
"""

import datetime as dt
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from assets.captures.admission import Thresholds
from assets.errors import LedgerError
from assets.hub.archive import ARCHIVES, HUB_STATS
from assets.hub.client import HubAccess
from assets.ledger.warehouse import MEMORY, MEMORY_VARIABLE

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """The settings of one process; see `.env.example` for their meaning."""

    home: Path = field(default_factory=lambda: Path("data").absolute())
    hub: HubAccess = field(default_factory=lambda: HubAccess("https://huggingface.co"))
    page_size: int = 1000
    max_bad_share: float = 0.01
    thresholds: Thresholds = field(default_factory=Thresholds)
    keep_captures_days: int = 30
    keep_published_days: int = 7
    start_date: dt.date = dt.date(2024, 7, 24)
    schedule_on: bool = False
    schedule_cron: str = "10 3 * * *"
    retry_cron: str = "10 15 * * *"
    deadline: dt.time = dt.time(20)
    alert_webhook: str | None = field(default=None, repr=False)
    ui_url: str = "http://127.0.0.1:3000"
    keep_runs_days: int = 365
    step_retries: int = 2
    archive: str = HUB_STATS


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        LedgerError: Names the variable that cannot be used, its value and what it should be.
    """
    env = os.environ if environment is None else environment

    def read(name: str, default: T, parse: Callable[[str], T], expected: str) -> T:
        text = env.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, OverflowError):
            raise LedgerError(f"{name}={text!r} cannot be used: it should be {expected}") from None

    # Whoever opens the warehouse reads it; a mistake is told before anything runs.
    read(MEMORY_VARIABLE, MEMORY, _memory, "an amount like 3GB or 500MB, or 1% to 100%")
    defaults = Settings()
    return Settings(
        home=_home(env.get("HUB_LEDGER_HOME", "").strip() or "data"),
        hub=HubAccess(
            endpoint=env.get("HF_ENDPOINT", "").strip().rstrip("/") or defaults.hub.endpoint,
            token=env.get("HF_TOKEN", "").strip() or None,
            timeout=read(
                "HUB_LEDGER_REQUEST_TIMEOUT", defaults.hub.timeout, _seconds, "seconds, above 0"
            ),
            tries=read("HUB_LEDGER_REQUEST_TRIES", defaults.hub.tries, _between(1, 50), "1 to 50"),
        ),
        page_size=read(
            "HUB_LEDGER_PAGE_SIZE", defaults.page_size, _between(1, 1000), "1 to 1000 rows"
        ),
        max_bad_share=read(
            "HUB_LEDGER_MAX_QUARANTINED_SHARE", defaults.max_bad_share, _share, "a share, 0 to 1"
        ),
        thresholds=Thresholds(
            **{
                name: read(f"HUB_LEDGER_{variable}", default, _share, "a share, 0 to 1")
                for name, variable, default in (
                    ("min_rows", "MIN_ROWS_SHARE", defaults.thresholds.min_rows),
                    ("rolled_back", "ROLLED_BACK_SHARE", defaults.thresholds.rolled_back),
                    ("recovered", "RECOVERED_SHARE", defaults.thresholds.recovered),
                    ("stalled", "STALLED_SHARE", defaults.thresholds.stalled),
                    ("slow", "SLOW_SHARE", defaults.thresholds.slow),
                    ("frozen", "FROZEN_SHARE", defaults.thresholds.frozen),
                )
            }
        ),
        keep_captures_days=read(
            "HUB_LEDGER_KEEP_CAPTURES_DAYS",
            defaults.keep_captures_days,
            _between(1, 36500),
            "1 to 36500 days",
        ),
        keep_published_days=read(
            "HUB_LEDGER_KEEP_PUBLISHED_DAYS",
            defaults.keep_published_days,
            _between(0, 36500),
            "0 to 36500 days",
        ),
        start_date=read(
            "HUB_LEDGER_START_DATE", defaults.start_date, dt.date.fromisoformat, "YYYY-MM-DD"
        ),
        schedule_on=read("HUB_LEDGER_SCHEDULE", False, _switch, "on or off"),
        schedule_cron=read(
            "HUB_LEDGER_SCHEDULE_CRON", defaults.schedule_cron, _cron, "a cron line like 10 3 * * *"
        ),
        retry_cron=read(
            "HUB_LEDGER_RETRY_CRON", defaults.retry_cron, _cron, "a cron line like 10 15 * * *"
        ),
        deadline=read(
            "HUB_LEDGER_DEADLINE", defaults.deadline, _time_of_day, "a time like 20:00, after 00:00"
        ),
        alert_webhook=alert_webhook(env),
        ui_url=read(
            "HUB_LEDGER_UI_URL", defaults.ui_url, _address, "an address like https://dagster.lan"
        ).rstrip("/"),
        keep_runs_days=read(
            "HUB_LEDGER_KEEP_RUNS_DAYS",
            defaults.keep_runs_days,
            _between(1, 36500),
            "1 to 36500 days",
        ),
        archive=read("HUB_LEDGER_ARCHIVE", HUB_STATS, _archive, " or ".join(ARCHIVES)),
    )


def alert_webhook(environment: Mapping[str, str] | None = None) -> str | None:
    """Where alerts are posted, read alone: what tells of a bad setting needs no other one.

    Raises:
        LedgerError: It is no address; the message does not show it, since it is a secret.
    """
    env = os.environ if environment is None else environment
    text = env.get("HUB_LEDGER_ALERT_WEBHOOK", "").strip()
    try:
        return _address(text) if text else None
    except ValueError:
        raise LedgerError(
            "HUB_LEDGER_ALERT_WEBHOOK cannot be used: it should be an address like "
            "https://hooks.slack.com/..."
        ) from None


def _home(text: str) -> Path:
    try:
        home = Path(text).expanduser().absolute()
        for folder in (home, *home.parents):
            if folder.exists() and not folder.is_dir():
                raise LedgerError(
                    f"HUB_LEDGER_HOME={home}: {folder} is a file; it should be a folder"
                )
    # It may not be looked into, is too long, or names a user who is not there.
    except (OSError, RuntimeError) as error:
        raise LedgerError(
            f"HUB_LEDGER_HOME={text!r} cannot be used ({error}): it should be a folder"
        ) from None
    return home


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse


def _memory(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?([MG]i?B|%)", text):
        raise ValueError
    if text.endswith("%") and float(text[:-1]) > 100:
        raise ValueError
    return text


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < 86400:
        raise ValueError
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError
    return number


def _cron(text: str) -> str:
    if not re.fullmatch(r"([0-9*/,-]+\s+){4}[0-9*/,-]+", text):
        raise ValueError
    # Here, since Dagster takes seconds and few commands are given such a line.
    from dagster._utils.schedules import is_valid_cron_string

    if not is_valid_cron_string(text):
        raise ValueError
    return text


def _time_of_day(text: str) -> dt.time:
    time = dt.datetime.strptime(text, "%H:%M").time()
    if time == dt.time(0):
        raise ValueError
    return time


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable():
        raise ValueError
    # A port that is no number raises.
    _ = parts.port
    return text


def _archive(text: str) -> str:
    if text not in ARCHIVES:
        raise ValueError
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ValueError
    return text.lower() == "on"
