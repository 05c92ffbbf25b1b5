"""The crawl into a sealed capture, beside a plain loop over `HfApi.list_models` and the quota.

Belongs here: both loops, each in a process of its own against the same pages. Does not belong here:
the server (see `benchmarks.serve`).
"""

import datetime as dt
import math
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Figures, Measured, child, tell, timed
from benchmarks.serve import PAGE_ROWS, WINDOW_SECONDS, serving, wait
from benchmarks.site import FIRST, Site
from benchmarks.table import Figure, Row, most

# What a row costs does not depend on how many there are; the plain loop's memory does.
_MOST_ROWS = 200_000
# As many windows as an anonymous crawl of the whole Hub takes: 2800 pages, 500 requests each.
_WINDOWS = 5.6
# What the server takes for a page there. At 500 pages a window, a page may take 0.6 s.
_PAGE_SECONDS = 0.2

_COLUMNS = (
    "id", "author", "created_at", "disabled", "downloads", "downloads_all_time", "gated",
    "last_modified", "library_name", "likes", "pipeline_tag", "private", "tags", "trending_score",
)  # fmt: skip


def ours(endpoint: str, home: str) -> Figures:
    """The crawl into a sealed capture; waits are counted, and the server told, not sat out."""
    from assets.captures.sources import capture_tonight
    from assets.captures.store import CaptureStore
    from assets.hub.client import HubAccess, HubClient

    waits = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        wait(endpoint, seconds)

    client = HubClient(HubAccess(endpoint), sleep=sleep)
    today = dt.datetime.now(dt.UTC).date()
    with timed() as figures:
        manifest = capture_tonight(
            CaptureStore(Path(home) / "captures"), client, today, max_bad_share=0, min_rows_share=0
        )
    figures["wall"] += sum(waits)
    return {**figures, "rows": manifest.rows, "pages": manifest.pages}


def plain(endpoint: str, home: str) -> Figures:
    """What a script would do: every model an object, the objects a frame, the frame a file."""
    import polars as pl
    from huggingface_hub import HfApi

    from assets.hub.items import EXPAND

    expand: Any = list(EXPAND)
    with timed() as figures:
        models = HfApi(endpoint=endpoint, token=False).list_models(
            expand=expand, sort="created_at", limit=None
        )
        rows = [_row(model) for model in models]
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame.write_parquet(Path(home) / "models.parquet")
    return {**figures, "rows": len(rows)}


def _row(model: Any) -> dict[str, Any]:
    row = {name: getattr(model, name) for name in _COLUMNS}
    row["_id"] = model._id
    row["gated"] = str(row["gated"])
    row["trending_score"] = float(row["trending_score"])
    row["parameters"] = model.safetensors.total if model.safetensors else None
    row["base_models"] = model.base_models
    return row


def rows(site: Site) -> list[Row]:
    """CPU beside the plain loop's, by turns, and wall time beside what the quota allows."""
    capture = site.hub / f"{FIRST}.jsonl.zst"
    count = min(_MOST_ROWS, site.models * 9 // 10)
    ran: dict[str, list[Measured]] = {"ours": [], "plain": []}
    with serving(capture, count) as endpoint:
        for _ in range(site.rounds):
            for way, runs in ran.items():
                runs.append(_crawled(way, endpoint))
    counted = {run.said["rows"] for runs in ran.values() for run in runs}
    site.expect("rows of a crawl", counted == {count}, f"{sorted(counted)} of {count}")
    pages = math.ceil(count / PAGE_ROWS)
    quota = math.ceil(pages / _WINDOWS)
    with serving(capture, count, quota, _PAGE_SECONDS) as endpoint:
        bound = _crawled("ours", endpoint)
    site.expect("rows of a bound crawl", bound.said["rows"] == count, f"{bound.said['rows']}")
    windows, last = divmod(pages - 1, quota)
    return [
        Row(
            f"crawl and land, {count:,} rows, CPU",
            _cpu_a_row(ran["ours"]),
            "loop over `HfApi.list_models` into polars",
            _cpu_a_row(ran["plain"]),
            "0.1",
        ),
        Row(
            f"crawl and land, {pages} pages at {quota} in {WINDOW_SECONDS} s, wall; waits counted",
            Figure((bound.inner_wall,), "s", bound.peak_mb),
            f"whole windows, then the server's {_PAGE_SECONDS} s a page",
            Figure((windows * WINDOW_SECONDS + (last + 1) * _PAGE_SECONDS,), "s"),
            "1.05",
        ),
    ]


def _crawled(way: str, endpoint: str) -> Measured:
    with tempfile.TemporaryDirectory() as home:
        return child("crawl", way, endpoint, home)


def _cpu_a_row(runs: list[Measured]) -> Figure:
    values = tuple(run.inner_cpu / run.said["rows"] * 1e6 for run in runs)
    return Figure(values, "us a row", most(runs))


if __name__ == "__main__":
    tell({"ours": ours, "plain": plain})
