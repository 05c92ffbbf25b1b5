"""What runs by itself: the second try, deadlines, housekeeping."""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.captures.assets import ARCHIVE_CAPTURE, HUB_CAPTURE
from assets.hub.client import HubAccess
from pipelines.definitions import build_definitions
from pipelines.failures import PROCESS_TAG
from pipelines.housekeeping import remove_old_folders, remove_old_runs
from pipelines.jobs import NIGHTLY
from pipelines.running import instance
from pipelines.schedules import build_schedules
from pipelines.settings import Settings

TODAY = dt.date(2026, 11, 25)
YESTERDAY = dt.date(2026, 11, 24)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", hub=HubAccess("http://127.0.0.1:9"), step_retries=0)


@pytest.fixture
def dagster(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with instance(settings) as opened:
        yield opened


@dg.job(name=NIGHTLY)
def _night() -> None:
    pass


@dg.job(name="from_captures")
def _other() -> None:
    pass


def begin(
    dagster: dg.DagsterInstance, date: dt.date, job: dg.JobDefinition = _night, process: int = 0
) -> dg.DagsterRun:
    """A run of the date that a terminal process carries."""
    tags = {"dagster/partition": str(date), PROCESS_TAG: str(process or os.getpid())}
    run = dagster.create_run_for_job(job, tags=tags)
    tell(dagster, run, dg.DagsterEventType.RUN_START)
    return run


def tell(dagster: dg.DagsterInstance, run: dg.DagsterRun, of_type: dg.DagsterEventType) -> None:
    dagster.report_dagster_event(dg.DagsterEvent(of_type.value, run.job_name), run.run_id)


def second_try(settings: Settings, dagster: dg.DagsterInstance) -> str | None:
    """The partition that the second try asks for, if any."""
    repository = build_definitions(settings).get_repository_def()
    moment = dt.datetime(TODAY.year, TODAY.month, TODAY.day, 15, 10, tzinfo=dt.UTC)
    context = dg.build_schedule_context(
        dagster, scheduled_execution_time=moment, repository_def=repository
    )
    tick = repository.get_schedule_def("nightly_again").evaluate_tick(context)
    requests = tick.run_requests or []
    assert len(requests) < 2
    return requests[0].partition_key if requests else None


def test_the_second_try_runs_only_where_the_first_did_not_succeed(
    settings: Settings, dagster: dg.DagsterInstance
) -> None:
    assert second_try(settings, dagster) == str(TODAY)
    for date, job in ((YESTERDAY, _night), (TODAY, _other)):
        tell(dagster, begin(dagster, date, job), dg.DagsterEventType.RUN_SUCCESS)
    assert second_try(settings, dagster) == str(TODAY)
    run = begin(dagster, TODAY)
    assert second_try(settings, dagster) is None
    tell(dagster, run, dg.DagsterEventType.RUN_FAILURE)
    assert second_try(settings, dagster) == str(TODAY)
    run = begin(dagster, TODAY)
    tell(dagster, run, dg.DagsterEventType.RUN_SUCCESS)
    assert second_try(settings, dagster) is None


def test_a_killed_first_try_does_not_keep_the_second_from_running(
    settings: Settings, dagster: dg.DagsterInstance
) -> None:
    killed = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
    os.waitpid(killed, 0)
    begin(dagster, TODAY, process=killed)
    assert second_try(settings, dagster) == str(TODAY)


def test_one_setting_switches_all_schedules(settings: Settings) -> None:
    for switched_on, status in ((False, "STOPPED"), (True, "RUNNING")):
        schedules = build_schedules(replace(settings, schedule_on=switched_on))
        assert {one.default_status.value for one in schedules} == {status}
        assert {one.execution_timezone for one in schedules} == {"UTC"}


def test_capture_and_publication_have_a_deadline(settings: Settings) -> None:
    graph = build_definitions(replace(settings, deadline=dt.time(21, 30))).resolve_asset_graph()
    policies = {
        key.to_user_string(): graph.get(key).freshness_policy
        for key in graph.materializable_asset_keys
        if graph.get(key).freshness_policy
    }
    expected = dg.FreshnessPolicy.cron(
        deadline_cron="30 21 * * *", lower_bound_delta=dt.timedelta(hours=21, minutes=30)
    )
    kept = ("captures/hub_capture", "published/hub_ledger", "published/report")
    assert policies == dict.fromkeys(kept, expected)


def test_only_the_network_is_tried_again_by_a_step(settings: Settings) -> None:
    definitions = build_definitions(replace(settings, step_retries=2))
    tried = set[dg.AssetKey]()
    for one in definitions.assets or ():
        if isinstance(one, dg.AssetSpec):
            continue
        assert isinstance(one, dg.AssetsDefinition)
        if any(node.retry_policy for node in one.node_def.iterate_op_defs()):
            tried |= set(one.keys)
    assert tried == {HUB_CAPTURE, ARCHIVE_CAPTURE}


def test_crashed_runs_are_started_again_and_failed_steps_are_not(
    dagster: dg.DagsterInstance,
) -> None:
    assert dagster.run_monitoring_enabled
    assert dagster.run_retries_enabled
    assert dagster.run_retries_max_retries == 1
    assert not dagster.run_retries_retry_on_asset_or_op_failure


def test_housekeeping_removes_old_runs_logs_and_dbt_folders(
    settings: Settings, dagster: dg.DagsterInstance
) -> None:
    of_range = {
        "dagster/asset_partition_range_start": "2025-01-01",
        "dagster/asset_partition_range_end": "2025-02-01",
    }
    runs = {
        "ended": begin(dagster, YESTERDAY),
        "running": begin(dagster, TODAY),
        "range": dagster.create_run_for_job(_other, tags=of_range),
    }
    for name in ("ended", "range"):
        tell(dagster, runs[name], dg.DagsterEventType.RUN_SUCCESS)
    log = settings.home / "dagster" / "storage" / runs["ended"].run_id / "compute_logs" / "x.out"
    log.parent.mkdir(parents=True)
    log.write_text("said")
    events = settings.home / "dagster" / "history" / "runs" / f"{runs['ended'].run_id}.db"
    assert events.exists()
    left, logs = settings.home / "dbt" / "some run", settings.home / "dbt" / "other run"
    for folder in (left, logs):
        (folder / "compiled").mkdir(parents=True)
    os.utime(left, (0, 0))
    kept = settings.home / "captures" / "2026-11-25"
    kept.mkdir(parents=True)
    os.utime(kept, (0, 0))

    def kept_runs() -> set[str]:
        return {name for name, run in runs.items() if dagster.has_run(run.run_id)}

    definitions = build_definitions(replace(settings, keep_runs_days=1))
    job = definitions.resolve_job_def("housekeeping")
    assert job.execute_in_process(instance=dagster).success
    assert kept_runs() == set(runs)
    assert log.exists()
    assert not left.exists()
    assert logs.exists()
    # Runs cannot be made to look older than they are: the same from a later day.
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert remove_old_runs(dagster, later) == len({"ended", "the job's own"})
    assert remove_old_folders(settings.home / "dbt", later) == 1
    assert kept_runs() == {"running", "range"}
    assert not log.exists()
    assert not logs.exists()
    assert kept.exists()
    dagster.dispose()
    assert not list(events.parent.glob(f"{runs['ended'].run_id}.*"))


@dg.asset_check(asset="made")
def each_night() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset="made")
def once() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False)


def test_of_removed_runs_only_a_checks_last_result_is_kept(dagster: dg.DagsterInstance) -> None:
    """What the UI shows as a check's latest does not vanish, nor the history of runs that stay."""
    jobs = [
        dg.define_asset_job("both", dg.AssetSelection.checks(each_night, once)),
        dg.define_asset_job("one", dg.AssetSelection.checks(each_night)),
    ]
    definitions = dg.Definitions(asset_checks=[each_night, once], jobs=jobs)

    def ran(job: str) -> str:
        return definitions.resolve_job_def(job).execute_in_process(instance=dagster).run_id

    def history(check: dg.AssetChecksDefinition) -> list[str]:
        (key,) = check.check_keys
        found = dagster.event_log_storage.get_asset_check_execution_history(key, limit=10)
        return [record.run_id for record in reversed(found)]

    runs = [ran("both"), ran("one")]
    before = dt.datetime.now(dt.UTC)
    runs += [ran("one"), ran("one")]
    assert (history(each_night), history(once)) == (runs, runs[:1])
    assert remove_old_runs(dagster, before) == 2
    assert (history(each_night), history(once)) == (runs[2:], runs[:1])
    assert remove_old_runs(dagster, before + dt.timedelta(days=1)) == 2
    assert (history(each_night), history(once)) == (runs[3:], runs[:1])


def test_housekeeping_removes_what_could_not_count_and_says_so(
    settings: Settings, dagster: dg.DagsterInstance
) -> None:
    refused = settings.home / "captures" / ".refused"
    now = dt.datetime.now(dt.UTC)
    old, new = (
        refused / f"2026-01-01-{now - dt.timedelta(days=days):%Y%m%dT%H%M%S}" for days in (31, 29)
    )
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "000001.jsonl.zst").write_bytes(b"page")
    job = build_definitions(settings).resolve_job_def("housekeeping")
    done = job.execute_in_process(instance=dagster)
    assert list(refused.iterdir()) == [new]
    said = [entry.user_message for entry in dagster.all_logs(done.run_id)]
    assert [str(new) in line for line in said if str(refused) in line] == [False]
    assert any(str(old) in line for line in said)
