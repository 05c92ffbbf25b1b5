"""Whether a day was published by its deadline, asked from outside of Dagster, which may be down.

Belongs here: reading that from what is published, the words. Does not belong here: what a run or a
check says of itself (see `pipelines.failures`).
"""

import datetime as dt
import json

from assets.captures.admission import ADMITTED
from pipelines.settings import Settings


def overdue(settings: Settings, now: dt.datetime) -> str | None:
    """What to tell where the newest date published is older than it should be at a time (UTC)."""
    due = now.date() - dt.timedelta(days=now.time() < settings.deadline)
    manifest = settings.home / "published" / "manifest.json"
    captures = json.loads(manifest.read_text())["captures"] if manifest.exists() else []
    newest = max((one["date"] for one in captures if one["verdict"] == ADMITTED), default=None)
    if newest is not None and dt.date.fromisoformat(newest) >= due:
        return None
    return (
        f"*Hub Ledger: {due} is not published*\n"
        f"Why: nobody said; the newest date published is {newest or 'none'}\n"
        "What to do: see that the daemon runs (systemctl status 'hub-ledger-*'), then look at the "
        f"last nightly in the UI, {settings.ui_url}; today's counters cannot be had tomorrow"
    )
