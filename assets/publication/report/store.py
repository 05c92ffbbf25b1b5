"""The report's place among the published files.

Belongs here: how a report replaces the one before. Does not belong here: its contents
(see `page`).
"""

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from assets.publication.report.page import write_report
from assets.publication.warehouse import NIGHT, PUBLISHED_NAME, link, seal


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
    published = home / "published"
    reports = published / "reports"
    building = reports / ".building"
    # Where a run was killed, what it left goes here.
    shutil.rmtree(building, ignore_errors=True)
    charts = write_report(published / PUBLISHED_NAME, building)
    seal(building)
    before = published / "report"
    kept = {before.resolve()} if before.is_symlink() else set()
    folder = reports / dt.datetime.now(dt.UTC).strftime(NIGHT)
    building.rename(folder)
    link(before, f"reports/{folder.name}")
    # The one before stays for whoever has its pictures open.
    for old in reports.iterdir():
        if old.is_dir() and old.resolve() not in {folder.resolve(), *kept}:
            shutil.rmtree(old)
    page = published / "report" / "index.html"
    return Report(page, page.stat().st_size, charts)
