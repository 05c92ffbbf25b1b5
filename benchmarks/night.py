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

from benchmarks.measure import Figures, child, tell
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Figure, Row, inner, whole

_BARE = "three facts by SQL in one connection"


def land(home: str, folder: str) -> Figures:
    """Seal a folder's files as captures; marked as made up."""
    from assets.captures.sources import import_files
    from assets.captures.store import CaptureStore

    store = CaptureStore(Path(home) / "captures")
    sealed = import_files(store, Path(folder), 0.0, 0.0, sample="generated benchmark")
    assert sealed
    return {}


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
    # Ours first: the script, which bounds no memory, may be killed at ten times the Hub.
    later = whole([site.second.took])
    first_bare, bare = site.folder / "bare-first.duckdb", site.folder / "bare.duckdb"
    first = _floor(site, "night", first_bare, *_landed(site, FIRST))
    second = _floor(site, "night", bare, *_landed(site, FIRST, SECOND))
    if second.values:
        site.agree("the bare script", site.second.home, SECOND, bare)
    site.forget(first_bare)
    site.forget(bare)
    return [
        Row(
            "night of a later date, landed pages to published, Dagster included",
            replace(later, values=(site.second.published,)),
            _BARE,
            second,
            "30 s, 4 GB",
        ),
        Row(
            "night of a later date, all of its job: an old capture reduced",
            later,
            _BARE,
            second,
        ),
        Row("night of a first date, all of its job", whole([site.first.took]), _BARE, first),
    ]


def rebuilt(site: Site) -> list[Row]:
    """Both dates again from their captures, into a home that holds nothing else."""
    bare = site.folder / "bare-rebuilt.duckdb"
    floor = _floor(site, "nights", bare, *_landed(site, FIRST, SECOND))
    home = site.home("rebuild", FIRST)
    site.link(home, SECOND)
    run = child("night", "rebuild", home)
    if floor.values:
        site.agree("a rebuild", home, SECOND, bare)
    site.forget(home)
    site.forget(bare)
    return [Row("rebuild of two dates", whole([run]), f"{_BARE}, both dates", floor)]


def _landed(site: Site, *dates: dt.date) -> list[object]:
    """Dates and landed files, as the bare script takes them."""
    return [part for date in dates for part in (date, site.items(date))]


def _floor(site: Site, way: str, bare: Path, *dated_items: object) -> Figure:
    """The script's time; where it fails ours is told all the same, and the command fails."""
    try:
        return inner([child("bare", way, bare, *dated_items)])
    except RuntimeError as failed:
        site.expect("the bare script", False, str(failed))
        return Figure((), "s", text="failed")


def _quiet() -> contextlib.AbstractContextManager[object]:
    """What a run says to a person goes where it does not hide the figures."""
    return contextlib.redirect_stdout(sys.stderr)


def _done(succeeded: bool) -> Figures:
    if not succeeded:
        raise SystemExit("the run failed")
    return {}


if __name__ == "__main__":
    tell({"land": land, "ours": ours, "rebuild": rebuild})
