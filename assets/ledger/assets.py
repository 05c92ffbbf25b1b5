"""The ledger's tables as Dagster assets.

Belongs here: what Dagster knows of schema `raw`. Does not belong here: loading (see
`assets.ledger.load`).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb

from assets.captures.admission import Thresholds
from assets.captures.assets import ARCHIVE_CAPTURE, HUB_CAPTURE, reported_failures
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.ledger.load import Loaded, load_capture, loaded_dates, settle
from assets.ledger.reduction import reduce_captures
from assets.ledger.warehouse import connect, ensure_schema, warehouse_path, writer_turn
from assets.pictures import code
from assets.pictures import table as drawn_table

REDUCED_CAPTURES = dg.AssetKey(["captures", "reduced_captures"])

_TABLES = {
    "captures": "One row a capture: what was recorded on a date, from where, with which verdict.",
    "capture_measures": "One row a pair of neighbouring captures: how their counters compare.",
    "quality_events": "One row a capture and fault: what was wrong with it, with the numbers.",
    "models": "One row a model ever listed: the ledger's key for the Hub's immutable _id.",
    "canonical_keys": "One row a linked model: the key that it and those it is one with go by.",
    "counter_spans": "One row a model and run of captures with the same downloads.",
    "attention_spans": "One row a model and run of captures with the same likes and trend.",
    "presence_spans": "One row a model and run of captures that list it.",
    "identities": "One row a linked model and turn: which models are one, with the evidence.",
    "model_counters": "One row a model a date: downloads of 30 days and all time, likes, trend.",
    "model_names": "One row a model, name and task, with the dates between which it was seen.",
    "model_cards": "One row a model and what its card said, with the dates between which it did.",
    "model_updates": "One row a model and time of last modification, with the dates it was shown.",
    "model_attributes": "Names and cards together: one row a model and state, with the same dates.",
    "model_lineage": "One row a model and set of declared parents, with the dates it was seen.",
    "model_parents": "One row a declared lineage edge, with the dates between which it stood.",
    "facts_batch": "Those of facts_due that the dbt run under way computes.",
    "ids_replaced": "One row a model whose facts go by another one's id since the last dbt run.",
    "facts_due": "Dates whose facts the next dbt run computes; empty when all facts are in place.",
}


def build_ledger_assets(
    home: Path, partitions: dg.DailyPartitionsDefinition, thresholds: Thresholds, keep_days: int
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home.

    Args:
        home: The ledger's home.
        partitions: One partition a UTC date.
        thresholds: From where on a capture is something else than a plain night.
        keep_days: Days for which captures are kept in full.
    """
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
                loaded = [load_capture(connection, store, date, thresholds) for date in dates]
                # Thresholds may have changed without a new capture.
                ensure_schema(connection)
                settle(connection, thresholds)
                found = _found(connection, wanted)
                newest = _newest(connection)
        for line in found:
            context.log.warning(line)
        _tell_loads(context, loaded, wanted)
        size = warehouse_path(home).stat().st_size
        told: dict[str, dict[str, dg.MetadataValue]] = {
            "captures": {
                "newest_captures": dg.MetadataValue.md(newest),
                "warehouse_bytes": dg.MetadataValue.int(size),
            },
            "quality_events": {"found": dg.MetadataValue.md(_bullets(found))},
        }
        count: dict[str, dg.MetadataValue] = {"captures": dg.MetadataValue.int(len(loaded))}
        for table in _TABLES:
            yield dg.MaterializeResult(
                asset_key=["raw", table], metadata=count | told.get(table, {})
            )

    return [ledger, _reduced_captures(store, home, partitions, keep_days)]


def _tell_loads(
    context: dg.AssetExecutionContext, loaded: list[Loaded], wanted: list[dt.date]
) -> None:
    """What each date brought; one that came along unasked is materialized by it."""
    for load in loaded:
        context.log.info(_said(load))
        metadata = {
            "dagster/partition_row_count": dg.MetadataValue.int(load.models),
            "new_models": dg.MetadataValue.int(load.new_models),
            "duplicates": dg.MetadataValue.int(load.duplicates),
        }
        if load.date in wanted:
            context.add_asset_metadata(metadata, ["raw", "model_counters"], str(load.date))
            continue
        for table in _TABLES:
            context.log_event(dg.AssetMaterialization(["raw", table], partition=str(load.date)))


def _reduced_captures(
    store: CaptureStore, home: Path, partitions: dg.DailyPartitionsDefinition, keep_days: int
) -> dg.AssetsDefinition:
    @dg.asset(
        key=REDUCED_CAPTURES,
        deps=[dg.AssetKey(["raw", "captures"])],
        group_name="captures",
        kinds={"parquet"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        # Nobody waits for it: a night publishes first.
        op_tags={"dagster/priority": "-1"},
        description=(
            f"Captures older than {keep_days} days, kept as differences from the one before: what "
            "is kept for ever.\n\nThe full rows are removed only after the differences, read back "
            "from disk, gave every one of them. When it fails, the captures are as they were."
        ),
    )
    def reduced_captures(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        before = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=keep_days)
        with (
            reported_failures(),
            writer_turn(home, say=context.log.info),
            connect(home) as connection,
        ):
            ensure_schema(connection)
            reduced = reduce_captures(connection, store, before)
        for one in reduced:
            context.log.info(f"{one.date}: {one.models} models reduced to {one.bytes} bytes")
        return dg.MaterializeResult(
            metadata={
                "captures": dg.MetadataValue.int(len(reduced)),
                "bytes": dg.MetadataValue.int(sum(one.bytes for one in reduced)),
            }
        )

    return reduced_captures


def _found(connection: duckdb.DuckDBPyConnection, dates: list[dt.date]) -> list[str]:
    """What is wrong with the captures of some dates, a line each."""
    rows = connection.execute(
        "select date, kind, detail from raw.quality_events where date in $dates "
        "order by date, kind, detail",
        {"dates": dates},
    ).fetchall()
    return [f"{date}: {kind}: {detail}" for date, kind, detail in rows]


def _newest(connection: duckdb.DuckDBPyConnection) -> str:
    """The last two weeks of captures as a table."""
    rows = connection.execute(
        """
        select captures.date, source, rows - duplicates, verdict,
            string_agg(distinct events.kind, ', ' order by events.kind), max(sample)
        from raw.captures as captures
        left join raw.quality_events as events on captures.date = events.date
        group by all order by captures.date desc limit 14
        """
    ).fetchall()
    return drawn_table(
        ("date", "models", "source", "verdict", "quality events"),
        [
            (str(date), f"{models:,}", source, code(verdict), kinds or "none")
            for date, source, models, verdict, kinds, _ in rows
        ],
        max((row[-1] for row in rows if row[-1]), default=None),
    )


def _bullets(lines: list[str]) -> str:
    # Details may quote names from the Hub: shown as code, never as markup.
    return "\n".join(f"- `{line.replace('`', ' ')}`" for line in lines) or "nothing"


def _said(load: Loaded) -> str:
    if load.already:
        return f"{load.date}: loaded before, nothing changed ({load.models} models)"
    return f"{load.date}: {load.models} models, {load.new_models} new, {load.duplicates} duplicates"
