"""The published warehouse as a Dagster asset.

Belongs here: what Dagster knows of publication. Does not belong here: copying (see the modules
beside it).
"""

import datetime as dt
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import duckdb

from assets.captures.assets import reported_failures
from assets.facts.project import manifest_path
from assets.facts.watch import (
    FALL_A_NIGHT,
    NEW_DAYS,
    TOP_PUBLISHERS,
    falls,
    newest_admitted,
    sample_kind,
    share_told,
    unmapped_publishers,
)
from assets.ledger.warehouse import connect, writer_turn
from assets.pictures import code, image, sample_note, table
from assets.publication.headline import headline
from assets.publication.report.store import Report, publish_exposure, publish_report
from assets.publication.warehouse import Publication, forget_nights, publish

PUBLISHED = dg.AssetKey(["published", "hub_ledger"])
REPORT = dg.AssetKey(["published", "report"])
EXPOSURE = dg.AssetKey(["published", "exposure"])
SHARES = dg.AssetKey(["marts", "fct_family_share_daily"])
PUBLISHERS = dg.AssetKey(["marts", "dim_publisher"])
_PICTURES = ("share", "reach", "dominance", "companies")
_PAGES = {"report": REPORT, "audit": EXPOSURE}
FRESH_DAYS = 1
"""Tonight's run may still be under way: the newest date is today's or yesterday's."""

_CHECKS = [
    dg.AssetCheckSpec(
        "is_fresh",
        asset=PUBLISHED,
        description=(
            "The newest date that counts is today or yesterday (UTC). When it warns, the last "
            "captures failed or were refused: see captures/hub_capture and raw/captures."
        ),
    ),
    dg.AssetCheckSpec(
        "no_family_fell",
        asset=SHARES,
        description=(
            f"No tracked family lost more than {FALL_A_NIGHT:.0%} of its downloads of 30 days a "
            "night since the capture before. When it warns, look at raw/quality_events of the date "
            "(rolled back, frozen) and at models that are gone before the figures are quoted."
        ),
    ),
    dg.AssetCheckSpec(
        "top_publishers_are_mapped",
        asset=PUBLISHERS,
        description=(
            f"Nobody came new among the first {TOP_PUBLISHERS} publishers by downloads of 30 days "
            "whom the seed publishers does not know. The metadata holds the rows to add."
        ),
    ),
]


def build_publication_assets(
    home: Path,
    partitions: dg.DailyPartitionsDefinition,
    marts: Iterable[dg.AssetKey],
    keep_days: int,
    deadline: dg.FreshnessPolicy | None = None,
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home; `marts` is what is published, by the deadline.

    Previous nights stay for `keep_days` days.

    Each publication holds all dates. It is partitioned like everything above it so that one date,
    or one range of dates, is one run from capture to publication.
    """

    @dg.multi_asset(
        name="published__hub_ledger",
        specs=[
            dg.AssetSpec(
                PUBLISHED,
                deps=list(marts),
                group_name="publication",
                kinds={"duckdb", "parquet"},
                owners=["team:hub-ledger"],
                partitions_def=partitions,
                freshness_policy=deadline,
                description=(
                    "The read-only warehouse for BI (published/hub_ledger.duckdb), its Parquet "
                    "twins, CSV of the smaller tables, dbt's documentation (docs/index.html) and "
                    "manifest.json: all marts, all dates. A "
                    "new night replaces the old one in a single step; readers of the old one keep "
                    "it until they reconnect. Previous ones stay in published/nights for "
                    "HUB_LEDGER_KEEP_PUBLISHED_DAYS."
                    "\n\nNothing is published while facts are unfinished or a blocking check "
                    "failed.\n\n**When it fails**, what was published before is still in place: "
                    "mend what the message names, then materialize this asset or run the job "
                    "from_captures."
                ),
            ),
            dg.AssetSpec(
                REPORT,
                deps=[PUBLISHED],
                group_name="publication",
                kinds={"html", "altair"},
                owners=["team:hub-ledger"],
                partitions_def=partitions,
                freshness_policy=deadline,
                description=(
                    "The report (published/report/index.html): one page that holds its charts, "
                    "tables and data, with pictures and CSV files beside it. It tells of what is "
                    "published, and every number in a heading holds the query that gives it."
                    "\n\n**When it fails**, the warehouse is published all the same and the report "
                    "before stays in place: materialize this asset once what the message names is "
                    "mended."
                ),
            ),
            dg.AssetSpec(
                EXPOSURE,
                deps=[PUBLISHED],
                group_name="publication",
                kinds={"html", "altair"},
                owners=["team:hub-ledger"],
                partitions_def=partitions,
                skippable=True,
                description=(
                    "On whom the models that you run depend (published/exposure/index.html): the "
                    "page of your own inventories, with its tables as CSV. Not made while there is "
                    "no inventory.\n\n**When it fails**, the page before stays in place: "
                    "materialize this asset once what the message names is mended."
                ),
            ),
        ],
        check_specs=_CHECKS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
        # The checks of marts run here: dbt's own step yields none but dbt's, and a step of their
        # own would start another process every night.
        allow_arbitrary_check_specs=True,
    )
    def hub_ledger(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        chosen = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        with reported_failures(), writer_turn(home, say=context.log.info):
            if PUBLISHED in context.selected_asset_keys:
                started = time.monotonic()
                done = publish(home)
                forget_nights(home, keep_days)
                seconds = time.monotonic() - started
                if done.fault:
                    context.log.warning(f"all of it was written anew: {done.fault}")
                with connect(home, read_only=True) as connection:
                    yield _published(connection, done, seconds)
            # Told before the pages: one that cannot be drawn must not take them along.
            with connect(home, read_only=True) as connection:
                results = [
                    one for one in _checks(connection) if (one.asset_key, one.check_name) in chosen
                ]
            yield from results
            if REPORT in context.selected_asset_keys:
                started = time.monotonic()
                report = publish_report(home)
                yield _reported(REPORT, report, time.monotonic() - started)
            if EXPOSURE in context.selected_asset_keys:
                started = time.monotonic()
                page = publish_exposure(home)
                if page:
                    yield _reported(EXPOSURE, page, time.monotonic() - started)

    return [hub_ledger]


def _published(
    connection: duckdb.DuckDBPyConnection, done: Publication, seconds: float
) -> dg.MaterializeResult:
    sample, newest = sample_kind(connection), newest_admitted(connection)
    shares = share_told(connection, newest)["headline"] if newest else "none"
    rows = [(code(name), f"{count:,}") for name, count in done.tables.items()]
    return dg.MaterializeResult(
        asset_key=PUBLISHED,
        metadata={
            "shares": dg.MetadataValue.md(shares),
            "dagster/uri": dg.MetadataValue.path(done.path),
            "bytes": dg.MetadataValue.int(done.bytes),
            "seconds": dg.MetadataValue.float(seconds),
            "rows": dg.MetadataValue.int(sum(done.tables.values())),
            "data": dg.MetadataValue.text("SAMPLE" if done.sample else "observed"),
            "headline": dg.MetadataValue.md(f"```\n{headline(done.path)}\n```"),
            "rows_by_table": dg.MetadataValue.md(table(("table", "rows"), rows, sample)),
        },
    )


def _reported(key: dg.AssetKey, report: Report, seconds: float) -> dg.MaterializeResult:
    drawn = {
        name: dg.MetadataValue.md(image(name, report.charts[name]))
        for name in _PICTURES
        if name in report.charts
    }
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            **drawn,
            "dagster/uri": dg.MetadataValue.path(report.path),
            "bytes": dg.MetadataValue.int(report.bytes),
            "charts": dg.MetadataValue.int(len(report.charts)),
            "seconds": dg.MetadataValue.float(seconds),
        },
    )


def build_uses() -> list[dg.AssetSpec]:
    """What people use, dbt's exposures: the end of the lineage, made by nobody here."""
    manifest = json.loads(manifest_path().read_text())
    return [
        dg.AssetSpec(
            ["use", exposure["name"]],
            deps=[_PAGES.get(exposure["name"], PUBLISHED)],
            group_name="use",
            kinds={exposure["type"]},
            owners=["team:hub-ledger"],
            description=(
                f"{exposure['description'].strip()}\n\nReads: "
                + ", ".join(
                    code(node.rpartition(".")[2]) for node in exposure["depends_on"]["nodes"]
                )
            ),
        )
        for exposure in manifest["exposures"].values()
    ]


def _checks(connection: duckdb.DuckDBPyConnection) -> Iterator[dg.AssetCheckResult]:
    yield _freshness(connection, dt.datetime.now(dt.UTC).date())
    yield _falls(connection)
    yield _unmapped(connection)


def _freshness(connection: duckdb.DuckDBPyConnection, today: dt.date) -> dg.AssetCheckResult:
    newest = newest_admitted(connection)
    age = (today - newest).days if newest else None
    return _warning(
        PUBLISHED,
        "is_fresh",
        age is not None and age <= FRESH_DAYS,
        f"the newest date that counts is {newest}, {age} days before today ({today} UTC)",
        {"age_days": dg.MetadataValue.int(age or 0)},
    )


def _falls(connection: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    found = falls(connection)
    rows = [
        (
            code(one.family),
            one.attribution,
            f"{one.before:,.0f}",
            f"{one.now:,.0f}",
            f"{one.now / one.before - 1:+.1%}",
        )
        for one in found
    ]
    said = "; ".join(
        f"{one.family} ({one.attribution}) {one.now / one.before - 1:+.1%} since {one.since}"
        for one in found
    )
    told = _md(
        ("family", "attribution", "downloads before", "now", "change"),
        rows,
        sample_kind(connection),
    )
    return _warning(
        SHARES,
        "no_family_fell",
        not found,
        said or "no tracked family lost more than a rolling window can",
        {
            "falls": told,
            "families": dg.MetadataValue.int(len(found)),
        },
    )


def _unmapped(connection: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    sample = sample_kind(connection)
    date, found = unmapped_publishers(connection)
    new = [one for one in found if date and one.is_new(date)]
    rows = [
        (
            code(one.publisher),
            f"{one.rank}",
            f"{one.downloads:,.0f}",
            f"{one.since}{' (new)' if one in new else ''}",
        )
        for one in found
    ]
    lines = "\n".join(
        f"{code(one.publisher.lower())[1:-1]},COMPANY,REGION,lab,SOURCE,{date}" for one in new
    )
    header = ("publisher", "rank", "downloads of 30 days", "among the first since")
    metadata = {
        "unmapped": _md(header, rows, sample),
        "publishers": dg.MetadataValue.int(len(found)),
        "new": dg.MetadataValue.int(len(new)),
    }
    if new:
        metadata["to_add"] = dg.MetadataValue.md(
            f"{sample_note(sample)}\n\nRows for `dbt_project/seeds/publishers.csv` "
            "(region: china, us, eu, other or unknown; kind: lab or repackager), then run the job "
            "from_captures:\n\n"
            f"```\n{lines}\n```"
        )
    names = ", ".join(code(one.publisher)[1:-1] for one in new[:10])
    more = f" and {len(new) - 10} more" if len(new) > 10 else ""
    return _warning(
        PUBLISHERS,
        "top_publishers_are_mapped",
        not new,
        f"not in the seed publishers, among the first {TOP_PUBLISHERS}: {names}{more}"
        if new
        else f"none came new among the first {TOP_PUBLISHERS} within {NEW_DAYS} days",
        metadata,
    )


def _warning(
    asset: dg.AssetKey,
    name: str,
    passed: bool,
    said: str,
    metadata: dict[str, dg.MetadataValue],
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata=metadata,
    )


def _md(
    header: Sequence[str], rows: Sequence[Sequence[str]], sample: str | None
) -> dg.MetadataValue:
    return dg.MetadataValue.md(table(header, rows, sample) if rows else "none")
