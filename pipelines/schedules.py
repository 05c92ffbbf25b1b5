"""When jobs run by themselves, and by when a day has to be done.

Belongs here: schedules, the deadline. Does not belong here: jobs.
"""

import datetime as dt

import dagster as dg

from pipelines.failures import end_killed_runs
from pipelines.housekeeping import HOUSEKEEPING
from pipelines.jobs import NIGHTLY
from pipelines.settings import Settings

_DONE_OR_UNDER_WAY = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def daily_deadline(settings: Settings) -> dg.FreshnessPolicy:
    """What is not materialized on a UTC day by the time set is shown as stale."""
    at = settings.deadline
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{at.minute} {at.hour} * * *",
        lower_bound_delta=dt.timedelta(hours=at.hour, minutes=at.minute),
    )


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """What runs by itself, in UTC; off until HUB_LEDGER_SCHEDULE=on."""
    status = (
        dg.DefaultScheduleStatus.RUNNING
        if settings.schedule_on
        else dg.DefaultScheduleStatus.STOPPED
    )

    @dg.schedule(
        name="nightly",
        job_name=NIGHTLY,
        cron_schedule=settings.schedule_cron,
        execution_timezone="UTC",
        default_status=status,
        description="Records tonight and what follows from it; HUB_LEDGER_SCHEDULE switches it.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        date = context.scheduled_execution_time.strftime("%Y-%m-%d")
        return dg.RunRequest(run_key=date, partition_key=date)

    @dg.schedule(
        name="nightly_again",
        job_name=NIGHTLY,
        cron_schedule=settings.retry_cron,
        execution_timezone="UTC",
        default_status=status,
        description=(
            "The second try of the same day, where no nightly of today succeeded or is under way: "
            "the Hub's counters of today cannot be had tomorrow."
        ),
    )
    def nightly_again(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        date = context.scheduled_execution_time.strftime("%Y-%m-%d")
        end_killed_runs(context.instance)
        tonight = dg.RunsFilter(
            job_name=NIGHTLY, tags={"dagster/partition": date}, statuses=_DONE_OR_UNDER_WAY
        )
        if found := context.instance.get_runs(tonight, limit=1):
            return dg.SkipReason(f"run {found[0].run_id} of {date}: {found[0].status.value}")
        return dg.RunRequest(
            run_key=context.scheduled_execution_time.isoformat(), partition_key=date
        )

    housekeeping = dg.ScheduleDefinition(
        name="housekeeping",
        job_name=HOUSEKEEPING,
        cron_schedule="40 5 * * 0",
        execution_timezone="UTC",
        default_status=status,
        description="Every Sunday: old runs, their logs and what dbt left behind are removed.",
    )
    return [nightly, nightly_again, housekeeping]
