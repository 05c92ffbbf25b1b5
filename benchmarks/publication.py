"""Publication, beside DuckDB's bare writing of the same tables, and a copy of the bytes.

Belongs here: publishing a home as a night does, without Dagster. Does not belong here: the
questions that readers ask (see `benchmarks.published`).
"""

from pathlib import Path

from benchmarks.measure import Figures, child, tell, timed
from benchmarks.site import Site
from benchmarks.table import Row, inner


def ours(home: str) -> Figures:
    """The files for BI and the report."""
    from assets.ledger.warehouse import writer_turn
    from assets.publication.report.store import publish_report
    from assets.publication.warehouse import publish

    with timed() as figures, writer_turn(Path(home)):
        publish(Path(home))
        publish_report(Path(home))
    return figures


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
    home, beside = site.second.home, site.folder / "beside"
    runs, again, written, copied = [], [], [], []
    for _ in range(site.rounds):
        child("publication", "renewed", home)
        runs.append(child("publication", "ours", home))
        again.append(child("publication", "ours", home))
        written.append(child("bare", "publish", home, beside))
        site.forget(beside)
        copied.append(child("bare", "copy", (home / "published" / "latest").resolve(), beside))
        site.forget(beside)
    return [
        Row(
            "publication, compared with the warehouse, and the report",
            inner(runs),
            "DuckDB alone: the marts as a file and as Parquet",
            inner(written),
        ),
        Row(
            "the same where no facts were computed since",
            inner(again),
            "a copy of the published bytes, on the disk itself",
            inner(copied),
        ),
    ]


if __name__ == "__main__":
    tell({"ours": ours, "renewed": renewed})
