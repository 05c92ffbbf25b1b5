"""The whole graph against `graph.txt`: a change of it is seen in review, or was not meant.

Belongs here: what is there and how it hangs together. Does not belong here: what it does.
"""

import os
from pathlib import Path

import dagster as dg

from pipelines.definitions import build_definitions
from pipelines.settings import Settings

GRAPH = Path(__file__).with_name("graph.txt")
REWRITE = (
    "HUB_LEDGER_TEST_REWRITE_GRAPH=1 .venv/bin/python -m pytest -n0 tests/dagster/test_graph.py"
)


def graph(definitions: dg.Definitions) -> str:
    """One line an item, sorted."""
    assets = definitions.resolve_asset_graph()
    jobs = [job for job in definitions.jobs or () if not isinstance(job, dg.JobDefinition)]
    selected = {job.name: job.selection.resolve(assets) for job in jobs}
    lines = []
    for key in assets.get_all_asset_keys():
        node = assets.get(key)
        of_jobs = ",".join(sorted(job for job, keys in selected.items() if key in keys))
        above = ",".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        lines.append(
            f"asset {key.to_user_string()} group={node.group_name} jobs={of_jobs} from={above}"
            f"{'' if node.is_materializable else ' external'}"
        )
    for check in assets.asset_check_keys:
        blocking = " blocking" if assets.get(check).blocking else ""
        lines.append(f"check {check.asset_key.to_user_string()} {check.name}{blocking}")
    lines += [f"job {job.name}" for job in definitions.jobs or ()]
    for schedule in definitions.schedules or ():
        assert isinstance(schedule, dg.ScheduleDefinition)
        lines.append(
            f"schedule {schedule.name} job={schedule.job_name} cron={schedule.cron_schedule!r} "
            f"{schedule.execution_timezone} {schedule.default_status.value}"
        )
    for sensor in definitions.sensors or ():
        lines.append(f"sensor {sensor.name} {sensor.default_status.value}")
    return "\n".join(sorted(lines)) + "\n"


def test_the_graph_is_as_written() -> None:
    found = graph(build_definitions(Settings(home=Path("/nowhere"))))
    if os.environ.get("HUB_LEDGER_TEST_REWRITE_GRAPH"):
        GRAPH.write_text(found)
    assert found.splitlines() == GRAPH.read_text().splitlines(), f"if that was meant: {REWRITE}"
