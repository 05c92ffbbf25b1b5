"""What piles up when the ledger runs for years, and its removal.

Belongs here: Dagster's old runs, what failed dbt runs left, and when what never became a capture
goes. Does not belong here: the record, of which nothing is ever removed; how a capture is told from
what never became one (see `assets.captures.store`).
"""

import datetime as dt
import shutil
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import delete, func, select

from assets.captures.store import CaptureStore
from pipelines.settings import Settings

HOUSEKEEPING = "housekeeping"

_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_RANGE_TAG = "dagster/asset_partition_range_start"


def build_housekeeping(settings: Settings) -> dg.JobDefinition:
    """The job that removes what is old."""

    @dg.op(description="Removes what is older than the settings say.")
    def remove_what_is_old(context: dg.OpExecutionContext) -> None:
        for said in keep_house(settings, context.instance):
            context.log.info(said)

    @dg.job(
        name=HOUSEKEEPING,
        description=(
            "Removes Dagster's runs with their logs, and dbt's files of failed runs, after "
            "HUB_LEDGER_KEEP_RUNS_DAYS; crawls that could not count or broke off, after "
            "HUB_LEDGER_KEEP_CAPTURES_DAYS. Captures, warehouse and publication are not touched."
        ),
    )
    def housekeeping() -> None:
        remove_what_is_old()

    return housekeeping


def keep_house(settings: Settings, dagster: dg.DagsterInstance) -> list[str]:
    """Remove all that is older than the settings say; what was removed, in words."""
    now = dt.datetime.now(dt.UTC)
    before = now - dt.timedelta(days=settings.keep_runs_days)
    runs = remove_old_runs(dagster, before)
    folders = remove_old_folders(settings.home / "dbt", before)
    old = f"{runs} runs and {folders} dbt folders from before {before}"
    before = now - dt.timedelta(days=settings.keep_captures_days)
    useless = CaptureStore(settings.home / "captures").remove_useless(before)
    return [
        *([f"removed {old}"] if runs or folders else []),
        *(f"removed {folder}, of no use since before {before}" for folder in useless),
    ]


def remove_old_runs(dagster: dg.DagsterInstance, before: dt.datetime) -> int:
    """Remove ended runs of one date; how many.

    Dagster's calendar of a date hangs on its run. A run for a range of dates stays: there are few,
    and one holds the calendar of years.
    """
    old = dagster.get_runs(dg.RunsFilter(statuses=_ENDED, created_before=before))
    removed = [run.run_id for run in old if _RANGE_TAG not in run.tags]
    for run_id in removed:
        _remove_checks(dagster, run_id)
        dagster.delete_run(run_id)
        dagster.compute_log_manager.delete_logs(prefix=[run_id])
        # SQLite keeps a run's events in a file of its own, which stays, emptied, at its full size.
        shard = getattr(dagster.event_log_storage, "path_for_shard", None)
        if shard is not None:
            # And beside it what SQLite has while somebody, we too, holds it open.
            for path in Path(shard(run_id)).parent.glob(f"{run_id}.db*"):
                path.unlink(missing_ok=True)
    return len(removed)


def _remove_checks(dagster: dg.DagsterInstance, run_id: str) -> None:
    """Remove a run's results of checks, which Dagster forgets; not what the UI shows as latest."""
    results = AssetCheckExecutionsTable
    latest = select(func.max(results.c.id)).group_by(results.c.asset_key, results.c.check_name)
    assert isinstance(dagster.event_log_storage, SqlEventLogStorage)
    with dagster.event_log_storage.index_connection() as connection:
        connection.execute(
            delete(results).where(results.c.run_id == run_id, results.c.id.not_in(latest))
        )


def remove_old_folders(parent: Path, before: dt.datetime) -> int:
    """Remove what dbt runs that were killed or failed left, a folder a run; how many."""
    old = [
        folder
        for folder in (parent.iterdir() if parent.is_dir() else ())
        if folder.is_dir() and folder.stat().st_mtime < before.timestamp()
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
