"""The place of the report, and of the page of exposures, among the published files.

Belongs here: how a page replaces the one before. Does not belong here: their contents
(see `page`).
"""

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from assets.publication.report.page import write_exposure, write_report
from assets.publication.warehouse import (
    NIGHT,
    PUBLISHED_NAME,
    link,
    removed_on_failure,
    seal,
)


@dataclass(frozen=True)
class Report:
    """What was written: the page, its size in bytes, and a chart (SVG) a section."""

    path: Path
    bytes: int
    charts: dict[str, str]


def publish_report(home: Path) -> Report:
    """Write the report of what is published, and put it in place of the one before in one step.

    The caller holds the writer's turn.
    """
    building = _building(home, "report")
    with removed_on_failure(building):
        charts = write_report(home / "published" / PUBLISHED_NAME, building)
        return _replace(home, "report", charts)


def publish_exposure(home: Path) -> Report | None:
    """Write the page of exposures likewise; None, and no page any more, without an inventory."""
    building = _building(home, "exposure")
    with removed_on_failure(building):
        charts = write_exposure(home / "published" / PUBLISHED_NAME, building)
        if charts is not None:
            return _replace(home, "exposure", charts)
    (home / "published" / "exposure").unlink(missing_ok=True)
    shutil.rmtree(home / "published" / "exposures", ignore_errors=True)
    return None


def _building(home: Path, name: str) -> Path:
    """Where a page is written before it is shown, empty."""
    building = home / "published" / f"{name}s" / ".building"
    # Where a run was killed, what it left goes here.
    shutil.rmtree(building, ignore_errors=True)
    return building


def _replace(home: Path, name: str, charts: dict[str, str]) -> Report:
    published = home / "published"
    reports = published / f"{name}s"
    building = reports / ".building"
    seal(building)
    before = published / name
    kept = {before.resolve()} if before.is_symlink() else set()
    folder = reports / dt.datetime.now(dt.UTC).strftime(NIGHT)
    building.rename(folder)
    link(before, f"{reports.name}/{folder.name}")
    # The one before stays for whoever has its pictures open.
    for old in reports.iterdir():
        if old.is_dir() and old.resolve() not in {folder.resolve(), *kept}:
            shutil.rmtree(old)
    page = published / name / "index.html"
    return Report(page, page.stat().st_size, charts)
