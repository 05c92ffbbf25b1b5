"""The whole night by the real job, and a rebuild, beside a bare script of the headline facts.

Belongs here: Dagster's part of the measurements. Does not belong here: the floor (see
`benchmarks.bare`).
"""

import argparse
import contextlib
import datetime as dt
import sys
from pathlib import Path

from benchmarks.agreement import differences
from benchmarks.measure import Figures, child, tell
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Row, inner, whole


def land(home: str, folder: str) -> Figures:
    """Seal a folder's files as captures; marked as made up."""
    from assets.captures.sources import import_files
    from assets.captures.store import CaptureStore

    store = CaptureStore(Path(home) / "captures")
    sealed = import_files(store, Path(folder), 0.0, 0.0, sample="generated benchmark")
    return {"dates": len(sealed)}


def ours(home: str, date: str) -> Figures:
    """From captures on disk to what is published: the job that follows every import."""
    from pipelines.jobs import FROM_CAPTURES
    from pipelines.running import run_job
    from pipelines.settings import Settings

    with _quiet():
        succeeded = run_job(Settings(home=Path(home)), FROM_CAPTURES, dt.date.fromisoformat(date))
    return _done(succeeded)


def rebuild(home: str) -> Figures:
    """`make rebuild`."""
    from pipelines.__main__ import rebuild as command
    from pipelines.settings import Settings

    with _quiet():
        status = command(Settings(home=Path(home)), argparse.Namespace())
    return _done(status == 0)


def rows(site: Site) -> list[Row]:
    """A later date's night, a first date's, and both again from their captures."""
    landed = [part for date in (FIRST, SECOND) for part in (str(date), str(site.items(date)))]
    first = child("bare", "night", site.folder / "bare-first.duckdb", *landed[:2])
    second = child("bare", "night", site.folder / "bare.duckdb", *landed)
    for difference in differences(site.second.home, SECOND, site.folder / "bare.duckdb"):
        site.expect("facts of the bare script", False, difference)
    both = child("bare", "nights", site.folder / "bare-both.duckdb", *landed)
    again = site.home("rebuild", FIRST)
    site.link(again, SECOND)
    rebuilt = child("night", "rebuild", again)
    for difference in differences(again, SECOND, site.folder / "bare.duckdb"):
        site.expect("facts after a rebuild", False, difference)
    bare = "three facts by SQL in one connection"
    return [
        Row(
            "night of a later date, landed pages to published, Dagster included",
            whole([site.second.took]),
            bare,
            inner([second]),
            "30 s, 4 GB",
        ),
        Row("night of a first date", whole([site.first.took]), bare, inner([first])),
        Row("rebuild of two dates", whole([rebuilt]), f"{bare}, both dates", inner([both])),
    ]


def _quiet() -> contextlib.AbstractContextManager[object]:
    """What a run says to a person goes where it does not hide the figures."""
    return contextlib.redirect_stdout(sys.stderr)


def _done(succeeded: bool) -> Figures:
    if not succeeded:
        raise SystemExit("the run failed")
    return {}


if __name__ == "__main__":
    tell({"land": land, "ours": ours, "rebuild": rebuild})
