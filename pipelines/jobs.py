"""Named selections of assets that are run together.

Belongs here: jobs. Does not belong here: when they run (see `pipelines.schedules`).
"""

import dagster as dg

from assets.arena.assets import ARENA_TABLES
from assets.captures.assets import ARCHIVE_CAPTURE, HUB_CAPTURE
from assets.exposure.assets import INVENTORIES
from assets.facts.assets import CLAIM_SEEDS
from assets.publication.assets import EXPOSURE, REPORT

NIGHTLY = "nightly"
FROM_CAPTURES = "from_captures"
BACKFILL = "backfill"
AUDIT = "audit"
CLAIMS = "claims"

_everything = dg.AssetSelection.all()
# The Arena's dataset holds all its past dates: each night brings them, and nothing else has to.
_tonight = dg.AssetSelection.assets(HUB_CAPTURE, ARENA_TABLES)
_past = dg.AssetSelection.assets(ARCHIVE_CAPTURE)
_audit = dg.AssetSelection.assets(INVENTORIES).downstream().materializable()
_claims = dg.AssetSelection.assets(*CLAIM_SEEDS).downstream().materializable()

JOBS = [
    dg.define_asset_job(
        NIGHTLY,
        _everything - _past,
        description="Tonight's capture, the Arena, the ledger, facts with checks, publication.",
    ),
    dg.define_asset_job(
        FROM_CAPTURES,
        _everything - _tonight - _past,
        description="The ledger, facts, checks and publication from captures on disk.",
    ),
    dg.define_asset_job(
        BACKFILL,
        _everything - _tonight,
        description="Past captures from the public archive, then the ledger, facts, publication.",
    ),
    dg.define_asset_job(
        AUDIT,
        _audit - dg.AssetSelection.assets(REPORT),
        description="Your own inventories, what they depend on, their page; no capture, no facts.",
    ),
    dg.define_asset_job(
        CLAIMS,
        _claims - dg.AssetSelection.assets(EXPOSURE),
        description="The reported claims held against the facts that there are; no capture.",
    ),
]
