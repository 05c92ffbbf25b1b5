"""The user's inventories as a Dagster asset.

Belongs here: what Dagster knows of them. Does not belong here: reading (see `sources`).
"""

from pathlib import Path

import dagster as dg

from assets.captures.assets import reported_failures
from assets.exposure.sources import FOLDER, load
from assets.ledger.warehouse import connect, ensure_schema, writer_turn
from assets.pictures import code, table

INVENTORIES = dg.AssetKey(["raw", "inventory_entries"])


def build_exposure_assets(
    home: Path, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home."""
    folder = home / FOLDER

    @dg.asset(
        key=INVENTORIES,
        group_name="exposure",
        kinds={"duckdb", "csv"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(
                "inventories_are_readable",
                asset=INVENTORIES,
                description=(
                    "Every file of the folder can be used. When it warns, the files named are left "
                    "out of the exposures until they are mended."
                ),
            )
        ],
        description=(
            "The models that your own teams run, one row an inventory and model: the CSV and YAML "
            f"files of {FOLDER}/ in the ledger's home, read anew whenever this is materialized. "
            "`make audit INVENTORY=...` puts files, caches and repositories there. Without a file "
            "there is nothing to audit, and nothing is wrong.\n\nThe job `audit` materializes what "
            "follows from them: fct_exposure and its kin, and their page. Published files hold "
            "them too: who may read those may read the inventories."
            "\n\n**When it fails**, the inventories are those of before: mend what the message "
            "names and materialize it again. A file that cannot be used makes it warn, not fail."
        ),
        metadata={"dagster/table_name": "warehouse.raw.inventory_entries"},
    )
    def inventory_entries(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with (
            reported_failures(),
            writer_turn(home, say=context.log.info),
            connect(home) as connection,
        ):
            ensure_schema(connection)
            loaded = load(connection, home)
        for fault in loaded.faults:
            context.log.warning(fault)
        rows = [(code(name), f"{models:,}") for name, models in loaded.models.items()]
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": dg.MetadataValue.int(sum(loaded.models.values())),
                "inventories": dg.MetadataValue.md(table(("inventory", "models"), rows)),
                "folder": dg.MetadataValue.path(folder),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="inventories_are_readable",
                    passed=not loaded.faults,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(code(fault) for fault in loaded.faults)
                    or f"{len(loaded.models)} inventories",
                )
            ],
        )

    return [inventory_entries]
