"""Named selections of assets that are run together.

Belongs here: jobs. Does not belong here: when they run (see `pipelines.schedules`).
"""

import dagster as dg

from assets.captures.assets import HUB_CAPTURE

NIGHTLY = "nightly"
FROM_CAPTURES = "from_captures"


_everything = dg.AssetSelection.all()

JOBS = [
    dg.define_asset_job(
        NIGHTLY,
        _everything,
        description="Tonight's capture, the ledger, all facts with their checks, publication.",
    ),
    dg.define_asset_job(
        FROM_CAPTURES,
        _everything - dg.AssetSelection.assets(HUB_CAPTURE),
        description="The ledger, facts, checks and publication from captures on disk.",
    ),
]
