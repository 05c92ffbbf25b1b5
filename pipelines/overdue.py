"""Whether a day was published by its deadline, asked from outside of Dagster, which may be down.

Belongs here: reading that from what is published, the words. Does not belong here: what a run or a
check says of itself (see `pipelines.failures`).
"""

import datetime as dt
import json

from assets.captures.admission import ADMITTED
from assets.errors import LedgerError
from pipelines.settings import Settings


def overdue(settings: Settings, now: dt.datetime) -> str | None:
    """What to tell where the newest date published is older than it should be at a time (UTC)."""
    due = now.date() - dt.timedelta(days=now.time() < settings.deadline)
    manifest = settings.home / "published" / "manifest.json"
    newest = "none"
    try:
        captures = json.loads(manifest.read_text())["captures"]
        dates = [one["date"] for one in captures if one["verdict"] == ADMITTED]
        if dates:
            newest = max(dates)
            if dt.date.fromisoformat(newest) >= due:
                return None
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Torn or of another shape: readers can rely on it no more than on none.
        newest = f"none: {manifest} cannot be read ({type(error).__name__})"
    return (
        f"*Hub Ledger: {due} is not published*\n"
        f"Why: nobody said; the newest date published is {newest}\n"
        "What to do: see that the daemon runs (systemctl status 'hub-ledger-*'), then look at the "
        f"last nightly in the UI, {settings.ui_url}; today's counters cannot be had tomorrow"
    )


def unusable_settings(error: LedgerError) -> str:
    """What to tell where a bad setting keeps anyone from seeing whether a day is published."""
    return (
        "*Hub Ledger: its settings cannot be used*\n"
        f"Why: {error}\n"
        "What to do: correct it in .env, then systemctl restart hub-ledger.target; as it is, "
        "neither the service nor a command starts"
    )
