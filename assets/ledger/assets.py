"""The ledger's tables as Dagster assets.

Belongs here: what Dagster knows of schema `raw`. Does not belong here: loading (see
`assets.ledger.load`).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.captures.assets import ARCHIVE_CAPTURE, HUB_CAPTURE, reported_failures
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.ledger.load import Loaded, load_capture, loaded_dates
from assets.ledger.warehouse import connect, writer_turn

_TABLES = {
    "captures": "One row a capture: what was recorded on a date, from where, with which verdict.",
    "models": "One row a model ever listed: the ledger's key for the Hub's immutable _id.",
    "model_counters": "One row a model a date: downloads of 30 days and all time, likes, trend.",
    "model_attributes": "One row a model and state, with the dates between which it was seen.",
    "model_parents": "One row a declared lineage edge, with the dates between which it stood.",
    "facts_batch": "Those of facts_due that the dbt run under way computes.",
    "facts_due": "Dates whose facts the next dbt run computes; empty when all facts are in place.",
}


def build_ledger_assets(
    home: Path, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home."""
    store = CaptureStore(home / "captures")

    @dg.multi_asset(
        name="ledger",
        specs=[
            dg.AssetSpec(
                ["raw", table],
                deps=[HUB_CAPTURE, ARCHIVE_CAPTURE],
                group_name="ledger",
                kinds={"duckdb"},
                owners=["team:hub-ledger"],
                partitions_def=partitions,
                description=(
                    f"{text}\n\nLoaded from the sealed capture in one transaction; loading twice "
                    "changes nothing. When it fails, nothing was changed: mend what the message "
                    "names and materialize again."
                ),
                metadata={"dagster/table_name": f"warehouse.raw.{table}"},
            )
            for table, text in _TABLES.items()
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def ledger(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        wanted = [dt.date.fromisoformat(key) for key in context.partition_keys]
        with reported_failures():
            if not any(store.has(date) for date in wanted):
                raise LedgerError(
                    f"no capture between {wanted[0]} and {wanted[-1]} in {store.root}; "
                    "make nightly, make import and make backfill record one"
                )
            with writer_turn(home, say=context.log.info), connect(home) as connection:
                # Whatever is sealed and not loaded yet comes along: a run that was killed in
                # between is thereby finished.
                known = loaded_dates(connection)
                dates = [date for date in store.dates() if date in wanted or date not in known]
                loaded = [load_capture(connection, store, date) for date in dates]
        for load in loaded:
            context.log.info(_said(load))
            if load.date not in wanted:
                for table in _TABLES:
                    context.log_event(
                        dg.AssetMaterialization(["raw", table], partition=str(load.date))
                    )
        for table in _TABLES:
            metadata: dict[str, dg.MetadataValue] = {"captures": dg.MetadataValue.int(len(loaded))}
            if table == "model_counters":
                metadata["dagster/partition_row_count"] = dg.MetadataValue.int(
                    sum(load.models for load in loaded)
                )
                metadata["new_models"] = dg.MetadataValue.int(
                    sum(load.new_models for load in loaded)
                )
            yield dg.MaterializeResult(asset_key=["raw", table], metadata=metadata)

    return [ledger]


def _said(load: Loaded) -> str:
    if load.already:
        return f"{load.date}: loaded before, nothing changed ({load.models} models)"
    return f"{load.date}: {load.models} models, {load.new_models} new, {load.duplicates} duplicates"
