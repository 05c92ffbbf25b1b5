"""The published warehouse as a Dagster asset.

Belongs here: what Dagster knows of publication. Does not belong here: copying (see the modules
beside it).
"""

from collections.abc import Iterable
from pathlib import Path

import dagster as dg

from assets.captures.assets import reported_failures
from assets.ledger.warehouse import writer_turn
from assets.publication.headline import headline
from assets.publication.warehouse import publish


def build_publication_assets(
    home: Path,
    partitions: dg.DailyPartitionsDefinition,
    marts: Iterable[dg.AssetKey],
    deadline: dg.FreshnessPolicy | None = None,
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home; `marts` is what is published, by the deadline.

    Each publication holds all dates. It is partitioned like everything above it so that one date,
    or one range of dates, is one run from capture to publication.
    """

    @dg.asset(
        key=["published", "hub_ledger"],
        deps=list(marts),
        group_name="publication",
        kinds={"duckdb", "parquet"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        freshness_policy=deadline,
        description=(
            "The read-only warehouse for BI (published/hub_ledger.duckdb), its Parquet twins and "
            "manifest.json. A new file replaces the old one in a single step; readers of the old "
            "one keep it until they reconnect.\n\nNothing is published while facts are unfinished "
            "or a check failed. When it fails, what was published before is still in place."
        ),
    )
    def hub_ledger(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with reported_failures(), writer_turn(home, say=context.log.info):
            done = publish(home)
        table = "\n".join(f"| {name} | {rows:,} |" for name, rows in done.tables.items())
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": dg.MetadataValue.path(done.path),
                "bytes": dg.MetadataValue.int(done.bytes),
                "data": dg.MetadataValue.text("SAMPLE" if done.sample else "observed"),
                "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{table}"),
                "headline": dg.MetadataValue.md(f"```\n{headline(done.path)}\n```"),
            }
        )

    return [hub_ledger]
