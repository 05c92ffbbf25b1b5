"""The Arena's leaderboards as Dagster assets: recorded tonight, and loaded into the ledger.

Belongs here: what Dagster knows of the Arena. Does not belong here: reading, recording and loading
(see the modules beside it).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.arena.load import load_arena
from assets.arena.record import Visit, record_arena
from assets.arena.store import ArenaStore
from assets.captures.assets import reported_failures
from assets.captures.store import CaptureStore
from assets.hub.arena import ARENA, HINTS
from assets.hub.client import HubAccess, HubClient
from assets.hub.items import printable
from assets.ledger.warehouse import connect, writer_turn

ARENA_TABLES = dg.AssetKey(["captures", "arena_tables"])

_LOADED = {
    "arena_tables": "One row a recorded leaderboard, published date and revision.",
    "arena_scores": "One row a model listed in one of them, as published.",
}


def build_arena_assets(
    home: Path, access: HubAccess, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home and one Hub."""
    store = ArenaStore(home / "arena")
    return [
        _arena_tables(store, CaptureStore(home / "captures"), access, partitions),
        _arena_ledger(store, home, partitions),
    ]


def _arena_tables(
    store: ArenaStore,
    captures: CaptureStore,
    access: HubAccess,
    partitions: dg.DailyPartitionsDefinition,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=ARENA_TABLES,
        group_name="captures",
        kinds={"huggingface", "parquet"},
        owners=["team:hub-ledger"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(
                "arena_answered",
                asset=ARENA_TABLES,
                description="The Arena's dataset was there, and all of it could be read.",
            )
        ],
        description=(
            f"The Arena's leaderboards ({ARENA}, category overall), each published date kept for "
            "ever as it was first seen; what was found in its place later is kept beside it.\n\n"
            "The dataset holds all its past dates, so that tonight's partition brings the whole "
            "history and a past one asks for nothing. Only leaderboards that changed are fetched. "
            "It never fails because of the Arena: a check warns, and the facts go on with what is "
            "on disk."
        ),
    )
    def arena_tables(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult]:
        today = dt.datetime.now(dt.UTC).date()
        visit = Visit()
        with reported_failures():
            if str(today) in context.partition_keys:
                client = HubClient(access, say=context.log.warning, hints=HINTS)
                visit = record_arena(store, captures, client, today)
        problems = [printable(line, 400) for line in visit.problems]
        for line in problems:
            context.log.warning(line)
        said = "\n".join(f"- `{line.replace('`', ' ')}`" for line in problems) or "none"
        data = "no visit" if not visit.arenas else visit.sample or "observed"
        yield dg.MaterializeResult(
            metadata={
                "leaderboards": dg.MetadataValue.text(", ".join(visit.arenas)),
                "unchanged": dg.MetadataValue.int(len(visit.unchanged)),
                "tables_recorded": dg.MetadataValue.int(len(visit.written)),
                "revisions": dg.MetadataValue.int(sum(one.revision > 1 for one in visit.written)),
                "quarantined_rows": dg.MetadataValue.int(visit.quarantined),
                "data": dg.MetadataValue.text(data),
                "problems": dg.MetadataValue.md(said),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="arena_answered",
                    passed=not problems,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"problems": dg.MetadataValue.md(said)},
                )
            ],
        )

    return arena_tables


def _arena_ledger(
    store: ArenaStore, home: Path, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="arena_ledger",
        specs=[
            dg.AssetSpec(
                ["raw", table],
                deps=[ARENA_TABLES],
                group_name="ledger",
                kinds={"duckdb"},
                owners=["team:hub-ledger"],
                partitions_def=partitions,
                description=(
                    f"{text}\n\nLoaded from disk in one transaction, each table once.\n\n"
                    "**When it fails**, nothing was changed: mend what the message names and "
                    "materialize again."
                ),
                metadata={"dagster/table_name": f"warehouse.raw.{table}"},
            )
            for table, text in _LOADED.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "arena_record_readable",
                asset=["raw", "arena_tables"],
                description="Every recorded leaderboard could be read from disk.",
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def arena_ledger(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        with (
            reported_failures(),
            writer_turn(home, say=context.log.info),
            connect(home) as connection,
        ):
            loaded = load_arena(connection, store)
        for line in loaded.problems:
            context.log.warning(line)
        yield dg.MaterializeResult(
            asset_key=["raw", "arena_tables"],
            metadata={"tables": dg.MetadataValue.int(loaded.tables)},
            check_results=[
                dg.AssetCheckResult(
                    check_name="arena_record_readable",
                    passed=not loaded.problems,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"problems": dg.MetadataValue.text("\n".join(loaded.problems))},
                )
            ],
        )
        yield dg.MaterializeResult(
            asset_key=["raw", "arena_scores"],
            metadata={"rows": dg.MetadataValue.int(loaded.rows)},
        )

    return arena_ledger
