"""A job run in this process, recorded in the same Dagster instance that the UI shows.

Belongs here: the instance, and running a job from the terminal. Does not belong here: commands.
"""

import contextlib
import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg

from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.publication.assets import PUBLISHED
from pipelines.definitions import build_definitions
from pipelines.failures import PROCESS_TAG, end_killed_runs, process_identity
from pipelines.progress import CrawlProgress
from pipelines.settings import Settings

_DAGSTER_YAML = Path(__file__).resolve().parents[1] / "deploy" / "dagster.yaml"
_EVENT_LOG = """
event_log_storage:
  module: pipelines.event_log
  class: HeldEventLog
  config:
    base_dir: {folder}
"""


def instance_folder(settings: Settings) -> Path:
    """Dagster's folder under the ledger's home, with the project's dagster.yaml in it.

    Raises:
        LedgerError: DAGSTER_HOME names a folder without settings: runs would be recorded unseen.
    """
    given = os.environ.get("DAGSTER_HOME", "").strip()
    if given:
        if not (Path(given) / "dagster.yaml").is_file():
            raise LedgerError(
                f"DAGSTER_HOME={given} has no dagster.yaml: start the service first, which writes "
                "it (docs/deploying.md), or unset DAGSTER_HOME"
            )
        return Path(given)
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    # A string of JSON is one of YAML.
    log = json.dumps(str(folder.resolve() / "history" / "runs"))
    held = _EVENT_LOG.format(folder=log)
    (folder / "dagster.yaml").write_text(_DAGSTER_YAML.read_text() + held)
    return folder


@contextlib.contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of a home."""
    with dg.DagsterInstance.from_config(str(instance_folder(settings))) as opened:
        end_killed_runs(opened)
        yield opened


def require_in_calendar(settings: Settings, date: dt.date) -> None:
    """Refuse what no run can have for its date.

    Raises:
        LedgerError: The date lies before the calendar.
    """
    if date < settings.start_date:
        raise LedgerError(
            f"{date} lies before the first date of the calendar ({settings.start_date}); "
            "set HUB_LEDGER_START_DATE to an earlier one"
        )


def run_job(settings: Settings, job_name: str, date: dt.date) -> bool:
    """Run a job for a date; whether it succeeded.

    The ledger takes along whatever is sealed and not loaded, the facts whatever is due, so that one
    run finishes any number of dates.

    Raises:
        LedgerError: A step failed with a message of its own, or the date lies outside the calendar.
    """
    require_in_calendar(settings, date)
    # One try a step: at a terminal a person reads the reason and decides.
    definitions = build_definitions(
        replace(settings, step_retries=0),
        progress=CrawlProgress(_last_rows(settings)) if sys.stderr.isatty() else None,
    )
    job = definitions.resolve_job_def(job_name)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    log = settings.home / "dagster" / "terminal.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"Running {job_name} for {date} ...", flush=True)
    # dbt's own lines go to a file: the terminal shows what a person needs.
    with instance(settings) as dagster, log.open("w") as out, contextlib.redirect_stdout(out):
        result = job.execute_in_process(
            instance=dagster,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            partition_key=date.isoformat(),
            tags={PROCESS_TAG: process_identity(os.getpid())},
        )
    _summarise(result)
    if not result.success:
        _explain(result, log)
    return result.success


def _last_rows(settings: Settings) -> int | None:
    """Rows of the newest capture: about what tonight's will have."""
    store = CaptureStore(settings.home / "captures")
    dates = store.dates()
    return store.manifest(dates[-1]).rows if dates else None


def _summarise(result: dg.ExecuteInProcessResult) -> None:
    checks = result.get_asset_check_evaluations()
    passed = sum(check.passed for check in checks)
    for event in result.all_events:
        if event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            print(f"  {event.step_key:<24}{seconds:>6.1f} s")
    if checks:
        print(f"  {passed} of {len(checks)} checks passed")
    for check in checks:
        if not check.passed and check.severity == dg.AssetCheckSeverity.WARN:
            asset = check.asset_key.to_user_string()
            print(f"  warning: {asset}: {check.description or check.check_name}")


def _explain(result: dg.ExecuteInProcessResult, log: Path) -> None:
    """Say why a run failed; a failure with a text of its own is raised as that text."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            said = data.user_failure_data.description if data.user_failure_data else None
            if said and "\n" not in said:
                raise LedgerError(said)
            print(said or f"{event.step_key}: {data.error_display_string}", file=sys.stderr)
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    for check in failed:
        print(
            f"check failed: {check.check_name} on {check.asset_key.to_user_string()}",
            file=sys.stderr,
        )
    published = any(
        event.is_step_materialization and event.asset_key == PUBLISHED
        for event in result.all_events
    )
    what = "The warehouse was published all the same" if published else "Nothing was published"
    print(f"{what}. dbt's own words are in {log}", file=sys.stderr)
