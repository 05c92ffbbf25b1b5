"""When jobs run by themselves.

Belongs here: schedules. Does not belong here: jobs.
"""

import dagster as dg

from pipelines.jobs import NIGHTLY
from pipelines.settings import Settings


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The nightly, in UTC; off until HUB_LEDGER_SCHEDULE=on."""

    @dg.schedule(
        name="nightly",
        job_name=NIGHTLY,
        cron_schedule=settings.schedule_cron,
        execution_timezone="UTC",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.schedule_on
            else dg.DefaultScheduleStatus.STOPPED
        ),
        description="Records tonight and what follows from it; HUB_LEDGER_SCHEDULE switches it.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        date = context.scheduled_execution_time.strftime("%Y-%m-%d")
        return dg.RunRequest(run_key=date, partition_key=date)

    return [nightly]
