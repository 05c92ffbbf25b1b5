"""The capture of a date as a Dagster asset.

Belongs here: what Dagster knows of captures: key, partition, metadata, how a failure is reported.
Does not belong here: crawling and sealing (see the modules beside it).
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from assets.captures.sources import capture_tonight
from assets.captures.store import CaptureStore, Manifest, OpenCapture
from assets.errors import HubUnavailable, LedgerError
from assets.hub.client import HubAccess, HubClient

HUB_CAPTURE = dg.AssetKey(["captures", "hub_capture"])

Progress = Callable[[OpenCapture, int | None], None]


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
    """What the Dagster UI shows of a sealed capture."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(manifest.rows),
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


def build_capture_assets(
    home: Path,
    access: HubAccess,
    partitions: dg.DailyPartitionsDefinition,
    max_bad_share: float,
    min_rows_share: float,
    page_size: int,
    step_retries: int,
    progress: Progress | None = None,
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
    """
    store = CaptureStore(home / "captures")

    @dg.asset(
        key=HUB_CAPTURE,
        group_name="captures",
        kinds={"huggingface"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=dg.RetryPolicy(
            max_retries=step_retries,
            delay=60,
            backoff=dg.Backoff.EXPONENTIAL,
            jitter=dg.Jitter.PLUS_MINUS,
        )
        if step_retries
        else None,
        description=(
            "The Hub's public model list on one UTC date, sealed on disk; one file of rows, one a "
            "model.\n\nToday's partition is crawled from the Hub. A past date cannot be: the Hub "
            "shows today's counters only. It succeeds where a capture is on disk already (make "
            "import, make backfill) and fails otherwise, without a retry.\n\nWhen it fails: the "
            "message says whether the Hub, the token or the data is at fault. What was received is "
            "kept, and the next materialization of the same day goes on from there."
        ),
    )
    def hub_capture(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        keys = context.partition_keys
        today = dt.datetime.now(dt.UTC).date()
        dates = [dt.date.fromisoformat(key) for key in keys]

        def note(capture: OpenCapture, quota_left: int | None) -> None:
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
            missing = [date for date in dates if not store.has(date)]
            if missing == [today]:
                client = HubClient(access, say=context.log.warning)
                capture_tonight(
                    store, client, today, max_bad_share, min_rows_share, note, page_size
                )
            elif missing:
                raise LedgerError(
                    f"no capture of {missing[0]} is on disk, and the Hub shows today's counters "
                    f"only ({today} UTC): recording them under {missing[0]} would be false; past "
                    "dates come from make backfill or make import"
                )
            manifests = [store.manifest(date) for date in dates]
        if len(manifests) == 1:
            return dg.MaterializeResult(metadata=capture_metadata(manifests[0]))
        return dg.MaterializeResult(
            metadata={
                "captures": dg.MetadataValue.int(len(manifests)),
                "rows": dg.MetadataValue.int(sum(manifest.rows for manifest in manifests)),
            }
        )

    return [hub_capture]
