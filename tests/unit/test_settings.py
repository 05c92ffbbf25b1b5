"""Settings: defaults, and one clear line for each that cannot be used."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from assets.errors import LedgerError
from pipelines.settings import read_settings
from tests.helpers import REPOSITORY


def test_defaults() -> None:
    settings = read_settings({})
    assert settings.home == Path("data").absolute()
    assert settings.hub.endpoint == "https://huggingface.co"
    assert settings.hub.token is None
    assert not settings.schedule_on


def test_the_token_is_not_shown() -> None:
    settings = read_settings({"HF_TOKEN": "hf_secret"})
    assert settings.hub.token == "hf_secret"
    assert "hf_secret" not in repr(settings)


@pytest.mark.parametrize(
    "token", ["hf_one\nhf_two", "hf_one two", "hf_\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_what_is_no_token_is_refused_unshown(token: str) -> None:
    """An error of the HTTP library would quote it."""
    with pytest.raises(LedgerError, match="HF_TOKEN holds") as refused:
        read_settings({"HF_TOKEN": token})
    assert "hf_one" not in str(refused.value)


def test_the_webhook_is_not_shown() -> None:
    address = "https://hooks.slack.com/services/secret"
    settings = read_settings({"HUB_LEDGER_ALERT_WEBHOOK": f" {address} "})
    assert settings.alert_webhook == address
    assert "secret" not in repr(settings)
    assert read_settings({"HUB_LEDGER_UI_URL": "https://dagster.lan/"}).ui_url.endswith("lan")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_ENDPOINT", "huggingface.co"),
        ("HF_ENDPOINT", "ftp://huggingface.co"),
        ("HF_ENDPOINT", "https://user:secret@huggingface.co"),
        ("HF_ENDPOINT", "http://127.0.0.1:port"),
        ("HUB_LEDGER_PAGE_SIZE", "0"),
        ("HUB_LEDGER_PAGE_SIZE", "many"),
        ("HUB_LEDGER_REQUEST_TIMEOUT", "-1"),
        ("HUB_LEDGER_REQUEST_TIMEOUT", "nan"),
        ("HUB_LEDGER_REQUEST_TRIES", "0"),
        ("HUB_LEDGER_MAX_QUARANTINED_SHARE", "2"),
        ("HUB_LEDGER_START_DATE", "yesterday"),
        ("HUB_LEDGER_SCHEDULE", "yes"),
        ("HUB_LEDGER_ARCHIVE", "somebody/else"),
        ("HUB_LEDGER_SCHEDULE_CRON", "every night"),
        ("HUB_LEDGER_SCHEDULE_CRON", "99 99 * * *"),
        ("HUB_LEDGER_SCHEDULE_CRON", "0 0 31 2 *"),
        ("HUB_LEDGER_RETRY_CRON", "later"),
        ("HUB_LEDGER_RETRY_CRON", "*/0 * * * *"),
        ("HUB_LEDGER_DEADLINE", "24:00"),
        ("HUB_LEDGER_DEADLINE", "00:00"),
        ("HUB_LEDGER_ALERT_WEBHOOK", "hooks.slack.com/secret"),
        ("HUB_LEDGER_ALERT_WEBHOOK", "file:///secret"),
        ("HUB_LEDGER_ALERT_WEBHOOK", "https:///secret"),
        ("HUB_LEDGER_ALERT_WEBHOOK", "https://hooks.slack.com:secret/x"),
        ("HUB_LEDGER_ALERT_WEBHOOK", "https://hooks.slack.com/secret\nx"),
        ("HUB_LEDGER_UI_URL", "dagster.lan"),
        ("HUB_LEDGER_KEEP_RUNS_DAYS", "0"),
        ("HUB_LEDGER_MEMORY", "3"),
        ("HUB_LEDGER_MEMORY", "3GB'; drop--"),
        ("HUB_LEDGER_MEMORY", "900%"),
        ("HUB_LEDGER_MEMORY", "100.5 %"),
        ("HUB_LEDGER_MEMORY", "0%"),
        ("HUB_LEDGER_KEEP_PUBLISHED_DAYS", "-1"),
        ("HUB_LEDGER_HOME", "/dev/null/home"),
        ("HUB_LEDGER_HOME", f"/{'a' * 300}/home"),
        ("HUB_LEDGER_HOME", "~nobody-of-this-name/home"),
        ("HF_ENDPOINT", "https://:hf_secret@huggingface.co"),
    ],
)
def test_a_bad_setting_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(LedgerError, match=name) as caught:
        read_settings({name: value})
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_LEDGER_MEMORY", "1%"),
        ("HUB_LEDGER_MEMORY", "100 %"),
        ("HUB_LEDGER_MEMORY", "1000MB"),
        ("HUB_LEDGER_SCHEDULE_CRON", "*/30 1-3,5 29 2 *"),
    ],
)
def test_what_duckdb_and_dagster_take_is_taken(name: str, value: str) -> None:
    read_settings({name: value})


def test_settings_without_a_cron_line_do_not_wait_for_dagster() -> None:
    ask = "import sys; from pipelines.settings import *; read_settings({}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert "dagster" not in done.stdout.split()


def test_every_setting_is_in_the_example_file() -> None:
    source = (REPOSITORY / "pipelines" / "settings.py").read_text()
    example = (REPOSITORY / ".env.example").read_text()
    names = set(re.findall(r'"(HUB_LEDGER_[A-Z_]+)"', source))
    assert names
    assert names <= {line.lstrip("# ").split("=")[0] for line in example.splitlines()}
