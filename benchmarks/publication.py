"""Publication, beside a copy of the bytes that it publishes.

Belongs here: publishing a home as a night does, without Dagster. Does not belong here: the
questions that readers ask (see `benchmarks.published`).
"""

from pathlib import Path

from benchmarks.measure import Figures, child, tell, timed
from benchmarks.site import Site
from benchmarks.table import Row, inner


def ours(home: str) -> Figures:
    """The files for BI and the report; bytes on disk of both."""
    from assets.ledger.warehouse import writer_turn
    from assets.publication.report.store import publish_report
    from assets.publication.warehouse import publish

    with timed() as figures, writer_turn(Path(home)):
        published = publish(Path(home))
        report = publish_report(Path(home))
    return {**figures, "bytes": published.bytes + report.bytes}


def renewed(home: str) -> Figures:
    """Note a run of dbt that computed the newest month, as a night's does."""
    from assets.ledger.warehouse import connect

    with connect(Path(home)) as connection:
        connection.execute(
            "insert into intermediate.int_renewals "
            "select max(number) + 1, uuid()::varchar, max(first_month) "
            "from intermediate.int_renewals"
        )
    return {}


def rows(site: Site) -> list[Row]:
    """Median of a few; each carries over what the one before published, as a night does."""
    home, copied = site.second.home, site.folder / "copied"
    runs, again, floor = [], [], []
    for _ in range(site.rounds):
        child("publication", "renewed", home)
        runs.append(child("publication", "ours", home))
        again.append(child("publication", "ours", home))
        newest = (home / "published" / "latest").resolve()
        floor.append(child("bare", "copy", newest, copied))
        site.forget(copied)
    size = floor[-1].said["bytes"] / 1e6
    copy = "a copy of the published bytes, on the disk itself"
    return [
        Row(f"publication, {size:,.0f} MB, and the report", inner(runs), copy, inner(floor)),
        Row("the same where no facts were computed since", inner(again), copy, inner(floor)),
    ]


if __name__ == "__main__":
    tell({"ours": ours, "renewed": renewed})
