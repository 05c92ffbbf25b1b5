"""dbt's seeds, models and tests as Dagster assets and checks.

Belongs here: how dbt's nodes look in Dagster, and what a run of them does. Does not belong here:
SQL, the choice of dates (it is a table: `raw.facts_due`).
"""

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    dbt_assets,
)

from assets.captures.assets import reported_failures
from assets.facts.project import DBT, PROJECT_DIR, dbt_environment, manifest_path
from assets.facts.versions import require_same_definitions
from assets.ledger.due import facts_done, facts_due, mark_facts_due, next_batch
from assets.ledger.warehouse import connect, ensure_schema, writer_turn

MODELS_A_BATCH = 8_000_000
"""Models times dates that one dbt run computes: about three nights of the whole Hub."""


class _Translator(DagsterDbtTranslator):
    """Groups by dbt folder; the project's owner on everything."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        if dbt_resource_props["resource_type"] == "source":
            return "ledger"
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return ["team:hub-ledger"]


def build_fact_assets(
    home: Path, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home."""
    manifest = manifest_path()
    translator = _Translator(
        DagsterDbtTranslatorSettings(
            enable_source_tests_as_checks=True, enable_code_references=False
        )
    )

    @dbt_assets(
        manifest=manifest,
        name="facts",
        dagster_dbt_translator=translator,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def facts(context: dg.AssetExecutionContext) -> Iterator[Any]:
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        with reported_failures(), writer_turn(home, say=context.log.info):
            with connect(home) as connection:
                ensure_schema(connection)
                require_same_definitions(connection)
                mark_facts_due(connection, dates)
                due = facts_due(connection)
            context.log.info(f"facts due for {len(due)} dates: {', '.join(map(str, due[:10]))}")
            os.environ.update(dbt_environment(home))
            dbt = DbtCliResource(
                project_dir=str(PROJECT_DIR), profiles_dir=str(PROJECT_DIR), dbt_executable=str(DBT)
            )
            while True:
                with connect(home) as connection:
                    batch = next_batch(connection, MODELS_A_BATCH)
                target = home / "dbt" / context.run_id
                invocation = dbt.cli(
                    ["build", "--exclude-resource-type", "unit_test"],
                    manifest=manifest,
                    dagster_dbt_translator=translator,
                    context=context,
                    target_path=target,
                )
                # Dagster takes one materialization an asset and run: that of the last batch.
                is_last = context.is_subset or not batch or batch[-1] == due[-1]
                if is_last:
                    yield from invocation.stream()
                else:
                    invocation.wait()
                # A run of some models only leaves the dates due: publication waits for all of them.
                if not context.is_subset:
                    with connect(home) as connection:
                        facts_done(connection, batch)
                shutil.rmtree(target, ignore_errors=True)
                if is_last:
                    break
            if not context.is_subset:
                for key in sorted(context.selected_asset_keys):
                    if key.path[-1].startswith("fct_"):
                        for date in sorted(set(due) - set(dates)):
                            context.log_event(dg.AssetMaterialization(key, partition=str(date)))

    return [facts]
