"""Everything Dagster loads, put together explicitly.

Belongs here: assembly. Does not belong here: any definition of its own.
"""

import warnings

import dagster as dg

from assets.arena.assets import build_arena_assets
from assets.captures.assets import Progress, build_capture_assets
from assets.exposure.assets import build_exposure_assets
from assets.facts.assets import build_fact_assets
from assets.ledger.assets import build_ledger_assets
from assets.publication.assets import build_publication_assets, build_uses
from pipelines.housekeeping import build_housekeeping
from pipelines.jobs import JOBS
from pipelines.partitions import nightly_partitions
from pipelines.schedules import build_schedules, daily_deadline
from pipelines.sensors import build_sensors
from pipelines.settings import Settings, read_settings

# One run for a range of dates rests on a parameter that Dagster still calls beta.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)


def build_definitions(settings: Settings, progress: Progress | None = None) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors for one set of settings.

    Args:
        settings: Where the record is kept, which Hub is asked.
        progress: Told after each page of the crawl, for a terminal.

    Raises:
        LedgerError: dbt does not accept the project.
    """
    partitions, deadline = nightly_partitions(settings), daily_deadline(settings)
    captures = build_capture_assets(
        settings.home,
        settings.hub,
        partitions,
        settings.max_bad_share,
        settings.thresholds.min_rows,
        settings.page_size,
        settings.step_retries,
        progress,
        settings.archive,
        deadline,
    )
    ledger = build_ledger_assets(
        settings.home, partitions, settings.thresholds, settings.keep_captures_days
    )
    arena = build_arena_assets(settings.home, settings.hub, partitions)
    exposure = build_exposure_assets(settings.home, partitions)
    facts = build_fact_assets(settings.home, partitions)
    marts = [key for asset in facts for key in asset.keys if key.path[0] == "marts"]
    publication = build_publication_assets(
        settings.home, partitions, sorted(marts), settings.keep_published_days, deadline
    )
    return dg.Definitions(
        assets=[*captures, *ledger, *arena, *exposure, *facts, *publication, *build_uses()],
        jobs=[*JOBS, build_housekeeping(settings)],
        schedules=build_schedules(settings),
        sensors=build_sensors(settings),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads: the definitions for this process's environment."""
    return build_definitions(read_settings())
