"""What a person should see of a capture beside its verdict: how it compares with nights before it.

Belongs here: the usual number of rows, and pictures and tables of captures. Does not belong here:
whether a capture counts (see `assets.captures.admission`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from assets.captures.admission import ADMITTED
from assets.captures.store import CaptureStore, Manifest
from assets.pictures import code, sample_note, spark, table

BAND_DAYS = 30
BAND_NIGHTS = 7
"""Fewer nights than this are no measure of a usual one."""
BAND_MARGIN = 0.02
"""Share beyond the smallest and largest of them that is still usual; a night adds 0.1 %."""
_PICTURE_DAYS = 90


@dataclass(frozen=True)
class Band:
    """Rows that are usual on a date, by the admitted captures of the 30 days before it."""

    low: float
    high: float
    nights: int


def row_band(date: dt.date, rows: Mapping[dt.date, int]) -> Band | None:
    """The usual rows of a date; None where too few nights say so."""
    before = [rows[other] for other in rows if 0 < (date - other).days <= BAND_DAYS]
    if len(before) < BAND_NIGHTS:
        return None
    return Band(min(before) * (1 - BAND_MARGIN), max(before) * (1 + BAND_MARGIN), len(before))


def rows_before(
    store: CaptureStore, date: dt.date, days: int = _PICTURE_DAYS
) -> dict[dt.date, int]:
    """Rows of the admitted captures of so many days up to a date, ascending; and of the date."""
    near = [other for other in store.dates() if 0 <= (date - other).days <= days]
    manifests = [store.manifest(other) for other in near]
    return {one.date: one.rows for one in manifests if one.verdict == ADMITTED or one.date == date}


def rows_picture(store: CaptureStore, manifest: Manifest) -> str:
    """Rows over the last 90 nights, the usual ones behind them."""
    rows = rows_before(store, manifest.date, _PICTURE_DAYS)
    band = row_band(manifest.date, rows)
    lines = [
        sample_note(manifest.sample),
        spark("rows", list(rows.items()), (band.low, band.high) if band else None),
        f"{manifest.rows:,} models on {manifest.date}",
        f"{min(rows.values()):,} to {max(rows.values()):,} on {len(rows)} nights since {min(rows)}"
        if len(rows) > 1
        else "the first of 90 nights",
        f"usual now: {band.low:,.0f} to {band.high:,.0f} (blue)" if band else "",
    ]
    return "\n\n".join(line for line in lines if line)


def capture_table(store: CaptureStore, manifest: Manifest, quota_left: int | None) -> str:
    """What it took to record the night."""
    seconds = (manifest.finished_at - manifest.started_at).total_seconds()
    quota = "not told" if quota_left is None else f"{quota_left:,}"
    reasons = store.quarantine_reasons(manifest.date)
    return table(
        ("what", "how many"),
        [
            ("models", f"{manifest.rows:,}"),
            ("pages", f"{manifest.pages:,}"),
            ("requests repeated", f"{manifest.retries:,}"),
            ("requests left in the quota", quota),
            ("seconds", f"{seconds:,.0f}"),
            ("bytes on disk", f"{manifest.items_bytes:,}"),
            ("left out because private", f"{manifest.private:,}"),
            ("quarantined", f"{manifest.quarantined:,}"),
            *[
                (f"quarantined: {code(reason)}", f"{count:,}")
                for reason, count in reasons.most_common(10)
            ],
        ],
        manifest.sample,
    )
