"""The calendar: one partition a UTC date.

Belongs here: partitions. Does not belong here: what is done on a date.
"""

import dagster as dg

from pipelines.settings import Settings


def nightly_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """UTC dates from the first that public archives know to today, today included."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone="UTC", end_offset=1
    )
