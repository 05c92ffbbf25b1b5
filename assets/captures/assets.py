"""The capture of a date as Dagster assets: tonight's, and those from the archive.

Belongs here: what Dagster knows of captures: key, partition, metadata, how a failure is reported.
Does not belong here: crawling and sealing (see the modules beside it).
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from assets.captures.admission import ADMITTED
from assets.captures.archive_source import Backfill, capture_archive
from assets.captures.archive_source import Progress as ArchiveProgress
from assets.captures.sources import capture_tonight, finish_crawls, floor_of
from assets.captures.store import CaptureStore, Manifest, OpenCapture
from assets.captures.watch import (
    BAND_DAYS,
    BAND_MARGIN,
    BAND_NIGHTS,
    capture_table,
    row_band,
    rows_before,
    rows_picture,
)
from assets.errors import HubUnavailable, LedgerError
from assets.hub.archive import EVERY, HINTS, HUB_STATS
from assets.hub.client import HubAccess, HubClient

HUB_CAPTURE = dg.AssetKey(["captures", "hub_capture"])
ARCHIVE_CAPTURE = dg.AssetKey(["captures", "archive_capture"])

Progress = Callable[[OpenCapture, int | None], None]


class ArchiveConfig(dg.Config):
    """What a backfill in the UI may be told.

    Attributes:
        every: ``day``, ``week`` or ``month``: how many of the selected dates are recorded.
    """

    every: str = "day"


@contextlib.contextmanager
def reported_failures() -> Iterator[None]:
    """Report a failure by its one line; only one that may pass is left to the retry policy."""
    try:
        yield
    except HubUnavailable as error:
        raise dg.Failure(str(error)) from None
    except LedgerError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def capture_metadata(manifest: Manifest) -> dict[str, dg.MetadataValue]:
    """What the Dagster UI shows of a sealed capture; it plots the figures over time."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(manifest.rows),
        "rows": dg.MetadataValue.int(manifest.rows),
        "source": dg.MetadataValue.text(manifest.source),
        "origin": dg.MetadataValue.text(manifest.origin),
        "data": dg.MetadataValue.text(
            f"SAMPLE ({manifest.sample})" if manifest.sample else "observed"
        ),
        "pages": dg.MetadataValue.int(manifest.pages),
        "quarantined_rows": dg.MetadataValue.int(manifest.quarantined),
        "retries": dg.MetadataValue.int(manifest.retries),
        "bytes": dg.MetadataValue.int(manifest.items_bytes),
        "seconds": dg.MetadataValue.float(
            (manifest.finished_at - manifest.started_at).total_seconds()
        ),
        "verdict": dg.MetadataValue.text(manifest.verdict),
    }


def tell_captures(
    context: dg.AssetExecutionContext,
    store: CaptureStore,
    dates: list[dt.date],
    quota_left: int | None = None,
) -> None:
    """Each date's figures on its own partition; table and picture on the newest one."""
    newest = store.manifest(dates[-1])
    context.add_asset_metadata(
        {
            "last_90_nights": dg.MetadataValue.md(rows_picture(store, newest)),
            "recording": dg.MetadataValue.md(capture_table(store, newest, quota_left)),
        },
        partition_key=str(dates[-1]),
    )
    for date in dates:
        context.add_asset_metadata(capture_metadata(store.manifest(date)), partition_key=str(date))


def rows_check(store: CaptureStore, dates: list[dt.date]) -> dg.AssetCheckResult:
    """Whether each date has the rows that the nights before it lead to expect."""
    outside, compared = [], 0
    for date in dates:
        night = store.manifest(date)
        floor = floor_of(store, date) if night.source == "hub_api" else None
        if floor and night.oldest and night.oldest[-1] > floor:
            outside.append(f"{date}: the list ended above the oldest models of the crawls before")
        rows = rows_before(store, date, days=BAND_DAYS)
        band = row_band(date, rows)
        if band is None:
            continue
        compared += 1
        if not band.low <= rows[date] <= band.high:
            outside.append(
                f"{date}: {rows[date]:,} models, where the {band.nights} nights before it lead to "
                f"expect {band.low:,.0f} to {band.high:,.0f}"
            )
    said = "; ".join(outside) or (
        f"{compared} of {len(dates)} captures compared, none outside"
        if compared
        else f"too few nights to compare with: {BAND_NIGHTS} within {BAND_DAYS} days are needed"
    )
    return dg.AssetCheckResult(
        check_name="rows_as_usual",
        passed=not outside,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata={"compared": compared, "outside": len(outside)},
    )


def backfill_metadata(done: Backfill) -> dict[str, dg.MetadataValue]:
    """What the Dagster UI shows of captures made from the archive."""
    partial = [f"{one.date}: {one.verdict}" for one in done.sealed if one.verdict != ADMITTED]
    return {
        "captures": dg.MetadataValue.int(len(done.sealed)),
        "recorded_before": dg.MetadataValue.int(len(done.recorded)),
        "rows": dg.MetadataValue.int(sum(one.rows for one in done.sealed)),
        "quarantined_rows": dg.MetadataValue.int(sum(one.quarantined for one in done.sealed)),
        "requests": dg.MetadataValue.int(done.requests),
        "bytes_fetched": dg.MetadataValue.int(done.received),
        "bytes_of_files": dg.MetadataValue.int(done.file_bytes),
        "without_revision": dg.MetadataValue.text(", ".join(done.gaps_as_text) or "none"),
        "refused": dg.MetadataValue.json(
            {str(date): reason for date, reason in done.refused.items()}
        ),
        "do_not_count": dg.MetadataValue.json(partial),
    }


def build_capture_assets(
    home: Path,
    access: HubAccess,
    partitions: dg.DailyPartitionsDefinition,
    max_bad_share: float,
    min_rows_share: float,
    page_size: int,
    step_retries: int,
    progress: Progress | None = None,
    archive: str = HUB_STATS,
    deadline: dg.FreshnessPolicy | None = None,
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home and one Hub.

    Args:
        home: The ledger's home.
        access: Which Hub tonight's capture is crawled from.
        partitions: One partition a UTC date, today included.
        max_bad_share: Share of unusable rows above which a capture fails.
        min_rows_share: Share of its neighbours' rows below which a capture is partial.
        page_size: Rows a page of the crawl.
        step_retries: How often Dagster tries the network again.
        progress: Told after each page, beside Dagster's log.
        archive: Which archive past dates come from.
        deadline: By when each day has its capture.
    """
    store = CaptureStore(home / "captures")
    shares = (max_bad_share, min_rows_share)
    retries = _network_retries(step_retries)
    return [
        _hub_capture(store, access, partitions, shares, page_size, retries, progress, deadline),
        _archive_capture(store, access, partitions, shares, archive, retries),
    ]


def _network_retries(count: int) -> dg.RetryPolicy | None:
    if not count:
        return None
    return dg.RetryPolicy(
        max_retries=count, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
    )


def _hub_capture(
    store: CaptureStore,
    access: HubAccess,
    partitions: dg.DailyPartitionsDefinition,
    shares: tuple[float, float],
    page_size: int,
    retries: dg.RetryPolicy | None,
    progress: Progress | None,
    deadline: dg.FreshnessPolicy | None,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=HUB_CAPTURE,
        group_name="captures",
        kinds={"huggingface"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=retries,
        freshness_policy=deadline,
        check_specs=[
            dg.AssetCheckSpec(
                "rows_as_usual",
                asset=HUB_CAPTURE,
                description=(
                    f"As many models as the nights of the {BAND_DAYS} days before: at most "
                    f"{BAND_MARGIN:.0%} below the smallest or above the largest of them; and down "
                    "to the oldest ones of the crawls before. When it "
                    "warns, the capture still counts: compare the picture of 90 nights with the "
                    "Hub's own count (make probe)."
                ),
            )
        ],
        description=(
            "The Hub's public model list on one UTC date, sealed on disk; one row a model.\n\n"
            "**Only tonight's partition (today in UTC) can be crawled.** The Hub shows today's "
            "counters and keeps no history: under a past date they would be false. A past date "
            "therefore succeeds where its capture is on disk already, and is refused otherwise, "
            "without a retry. Past dates come from archive_capture (job backfill, or make "
            "backfill) or from files (make import).\n\n"
            "**When it fails**, the message says whether the Hub, the token or the data is at "
            "fault. What was received is kept: materialize today's partition again, and it goes on "
            "from there. A night that is not recorded by midnight UTC is lost."
        ),
    )
    def hub_capture(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        keys = context.partition_keys
        today = dt.datetime.now(dt.UTC).date()
        dates = [dt.date.fromisoformat(key) for key in keys]

        quota: list[int | None] = [None]

        def note(capture: OpenCapture, quota_left: int | None) -> None:
            quota[0] = quota_left
            if progress is not None:
                progress(capture, quota_left)
            if capture.pages % 50 == 0 or capture.complete:
                context.log.info(
                    f"{capture.pages} pages, {capture.rows} rows, quota left {quota_left}"
                )
                context.instance.add_run_tags(
                    context.run_id, {"hub_ledger/rows_so_far": str(capture.rows)}
                )

        with reported_failures():
            for done in finish_crawls(store, *shares, context.log.warning):
                if done.date not in dates:
                    context.log_event(
                        dg.AssetMaterialization(
                            HUB_CAPTURE, metadata=capture_metadata(done), partition=str(done.date)
                        )
                    )
            missing = [date for date in dates if not store.has(date)]
            if missing == [today]:
                client = HubClient(access, say=context.log.warning)
                capture_tonight(store, client, today, *shares, note, page_size)
            elif missing:
                raise LedgerError(
                    f"no capture of {missing[0]} is on disk, and the Hub shows today's counters "
                    f"only ({today} UTC): recording them under {missing[0]} would be false; for "
                    f"tonight materialize the partition {today}; past dates come from the job "
                    "backfill (asset archive_capture, make backfill) or from make import"
                )
        tell_captures(context, store, dates, quota[0])
        return dg.MaterializeResult(check_results=[rows_check(store, dates)])

    return hub_capture


def _archive_capture(
    store: CaptureStore,
    access: HubAccess,
    partitions: dg.DailyPartitionsDefinition,
    shares: tuple[float, float],
    archive: str,
    retries: dg.RetryPolicy | None,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=ARCHIVE_CAPTURE,
        group_name="captures",
        kinds={"huggingface"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=retries,
        description=(
            f"The Hub's public model list on past UTC dates, from the public archive {archive}: "
            "one pinned revision a date, one row a model, of which only the needed columns are "
            "fetched.\n\nSelect a "
            "range of past dates; the job backfill takes their facts along in the same run. Dates "
            "of which the archive has nothing are named in the metadata and left out, recorded "
            "ones stay as they are. With the configuration every: week (or month) only one date a "
            "week and those around each first of a month are recorded.\n\nWhen it fails: the "
            "message says whether the Hub or the archive is at fault. Sealed dates stay, and the "
            "next materialization goes on at the date and row where this one stopped."
        ),
    )
    def archive_capture(
        context: dg.AssetExecutionContext, config: ArchiveConfig
    ) -> dg.MaterializeResult:
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]

        def note(told: ArchiveProgress) -> None:
            if told.rows == told.rows_of:
                context.log.info(
                    f"{told.date}: {told.rows} rows ({told.done + 1} of {told.of} dates, "
                    f"{told.received} bytes fetched of {told.file_bytes})"
                )

        with reported_failures():
            if config.every not in EVERY:
                raise LedgerError(f"every: {config.every!r} should be one of {', '.join(EVERY)}")
            client = HubClient(access, say=context.log.warning, hints=HINTS)
            done = capture_archive(
                store,
                client,
                archive,
                dates[0],
                dates[-1],
                config.every,
                *shares,
                note,
            )
            if not (done.sealed or done.recorded):
                reason = next(iter(done.refused.values()), "the archive has none")
                raise LedgerError(
                    f"nothing between {dates[0]} and {dates[-1]} could be recorded: {reason}"
                )
        for date, reason in done.refused.items():
            context.log.error(f"{date} is not recorded: {reason}")
        tell_captures(context, store, [date for date in dates if store.has(date)])
        return dg.MaterializeResult(metadata=backfill_metadata(done))

    return archive_capture
