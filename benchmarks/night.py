"""The whole night by the real job, and a rebuild, beside a bare script of the headline facts.

Belongs here: Dagster's part of the measurements. Does not belong here: the floor (see
`benchmarks.bare`).
"""

import argparse
import contextlib
import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.agreement import differences
from benchmarks.measure import Figures, child, tell
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Row, inner, whole

_BARE = "three facts by SQL in one connection"


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
    """A later date's night, and a first date's."""
    first = child("bare", "night", site.folder / "bare-first.duckdb", *_landed(site, FIRST))
    bare = site.folder / "bare.duckdb"
    second = child("bare", "night", bare, *_landed(site, FIRST, SECOND))
    _agree(site, "the bare script", site.second.home, bare)
    later = whole([site.second.took])
    return [
        Row(
            "night of a later date, landed pages to published, Dagster included",
            replace(later, values=(site.second.published,)),
            _BARE,
            inner([second]),
            "30 s, 4 GB",
        ),
        Row(
            "night of a later date, all of its job: an old capture reduced",
            later,
            _BARE,
            inner([second]),
        ),
        Row(
            "night of a first date, all of its job", whole([site.first.took]), _BARE, inner([first])
        ),
    ]


def rebuilt(site: Site) -> list[Row]:
    """Both dates again from their captures, into a home that holds nothing else."""
    bare = site.folder / "bare-rebuilt.duckdb"
    floor = child("bare", "nights", bare, *_landed(site, FIRST, SECOND))
    home = site.home("rebuild", FIRST)
    site.link(home, SECOND)
    run = child("night", "rebuild", home)
    _agree(site, "a rebuild", home, bare)
    return [
        Row("rebuild of two dates", whole([run]), f"{_BARE}, both dates", inner([floor])),
    ]


def _landed(site: Site, *dates: dt.date) -> list[object]:
    """Dates and landed files, as the bare script takes them."""
    return [part for date in dates for part in (date, site.items(date))]


def _agree(site: Site, who: str, home: Path, bare: Path) -> None:
    for difference in differences(home, SECOND, bare):
        site.expect(f"facts of {who}", False, difference)


def _quiet() -> contextlib.AbstractContextManager[object]:
    """What a run says to a person goes where it does not hide the figures."""
    return contextlib.redirect_stdout(sys.stderr)


def _done(succeeded: bool) -> Figures:
    if not succeeded:
        raise SystemExit("the run failed")
    return {}


if __name__ == "__main__":
    tell({"land": land, "ours": ours, "rebuild": rebuild})
