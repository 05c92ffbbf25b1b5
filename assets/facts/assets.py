"""dbt's seeds, models and tests as Dagster assets and checks.

Belongs here: how dbt's nodes look in Dagster, and what a run of them does. Does not belong here:
SQL, the choice of dates (it is a table: `raw.facts_due`).
"""

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliEventMessage,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.compat import DBT_PYTHON_VERSION
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from assets.captures.assets import reported_failures
from assets.exposure.assets import INVENTORIES
from assets.facts.project import DBT, PROJECT_DIR, dbt_environment, manifest_path
from assets.facts.versions import (
    note_seeds,
    require_all_histories,
    require_same_definitions,
    seeds_of,
)
from assets.facts.watch import FAMILY, figures, rank_told, share_told
from assets.ledger.due import (
    facts_done,
    facts_due,
    mark_checked,
    mark_facts_due,
    mark_unchecked,
    next_batch,
)
from assets.ledger.warehouse import connect, ensure_schema, lend_turn, writer_turn

MODELS_A_BATCH = 8_000_000
"""Models times dates that one dbt run computes: about three nights of the whole Hub."""


CLAIM_SEEDS = (
    dg.AssetKey(["reference", "reported_claims"]),
    dg.AssetKey(["reference", "claim_metrics"]),
)
"""What has been claimed, and how it is measured."""
_SHARES = dg.AssetKey(["marts", "fct_family_share_daily"])
_RANKS = dg.AssetKey(["marts", "fct_rank_history"])
_PICTURED = {_SHARES, _RANKS}

_WHEN_IT_FAILS = """**When it fails**: nothing is published, and what was published before stays. \
Checks that are marked as blocking guard a published number; the failing rows are in dbt's SQL of \
the check. Mend the cause (seed, model or capture) and run the job from_captures: nothing is \
published until the checks pass."""


class _Translator(DagsterDbtTranslator):
    """Groups by dbt folder; the project's owner on everything."""

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        text, _, sql = super().get_description(dbt_resource_props).partition("#### Raw SQL:")
        parts = [text.strip(), _WHEN_IT_FAILS]
        if dbt_resource_props["resource_type"] == "model":
            parts.append(f"#### SQL{sql}")
        return "\n\n".join(parts)

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> dict[str, str]:
        if dbt_resource_props["resource_type"] != "model":
            return {}
        config = dbt_resource_props["config"]
        return {"access": config["access"], "materialized": config["materialized"]}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        if dbt_resource_props["resource_type"] == "source":
            return "ledger"
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return ["team:hub-ledger"]

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        test = manifest["nodes"][unique_id]["test_metadata"]
        return spec and spec._replace(description=_purpose(test["name"], test["kwargs"]))


class _Dbt(DbtCliResource):
    """The dbt of this environment, started without what a night has no use for, three seconds."""

    @cached_property
    def _cli_version(self) -> Any:
        # `dbt --version` would ask PyPI for newer ones, every night.
        return DBT_PYTHON_VERSION

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """None: a second dbt in this process, which would tell columns; the manifest does."""


_PURPOSES = {
    "unique": "Each value of {column_name} comes once.",
    "not_null": "No {column_name} is missing.",
    "relationships": "Each {column_name} stands in {to}, column {field}.",
    "accepted_values": "{column_name} is one of {values}.",
}


def _purpose(test: str, arguments: Mapping[str, Any]) -> str:
    """What a dbt test is for: the comment at the head of our own, a line of dbt's."""
    if test in _PURPOSES:
        return _PURPOSES[test].format(**arguments)
    text = (PROJECT_DIR / "tests" / "generic" / f"{test}.sql").read_text()
    comment = text.partition("{#-")[2].partition("-#}")[0]
    return f"It fails where there are rows of this kind: {' '.join(comment.split())}"


def build_fact_assets(
    home: Path, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The assets of this subject, for one home."""
    manifest = manifest_path()
    of_dates, followers = _facts_of_dates(manifest), _followers(manifest)
    # Claims and the user's inventories read facts, and renew none.
    of_none = {key for of in (*CLAIM_SEEDS, INVENTORIES) for key in followers[of]}
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
                require_all_histories(connection, manifest)
                _note_begun(context, connection, dates, of_none)
                due = facts_due(connection)
                seeds = seeds_of(manifest)
            context.log.info(f"facts due for {len(due)} dates: {', '.join(map(str, due[:10]))}")
            os.environ.update(dbt_environment(home))
            dbt = _Dbt(
                project_dir=str(PROJECT_DIR), profiles_dir=str(PROJECT_DIR), dbt_executable=str(DBT)
            )
            while True:
                with connect(home) as connection:
                    batch = next_batch(connection, MODELS_A_BATCH)
                target = home / "dbt" / context.run_id
                _reuse_parse(home, target, manifest)
                # Nobody reads what dbt would write of the project and the run, half a second.
                invocation = dbt.cli(
                    ["build", "--no-write-json", "--exclude-resource-type", "unit_test"],
                    manifest=manifest,
                    dagster_dbt_translator=translator,
                    context=context,
                    target_path=target,
                )
                # Dagster takes one materialization an asset and run: that of the last batch.
                is_last = context.is_subset or not batch or batch[-1] == due[-1]
                with lend_turn(home, invocation.process):
                    if is_last:
                        yield from _told(context, home, invocation, dates)
                    else:
                        invocation.wait()
                with connect(home) as connection:
                    if context.is_subset:
                        _note_passed(context, connection, of_none, followers)
                    else:
                        facts_done(connection, batch)
                        # Without a date only what has none was made.
                        note_seeds(connection, seeds if batch else {})
                _keep_parse(home, target)
                shutil.rmtree(target, ignore_errors=True)
                if is_last:
                    break
            if not context.is_subset:
                for key in of_dates:
                    for date in sorted(set(due) - set(dates)):
                        context.log_event(dg.AssetMaterialization(key, partition=str(date)))

    return [facts]


_PARSE = "partial_parse.msgpack"


def _reuse_parse(home: Path, target: Path, manifest: Path) -> None:
    """Give dbt what it parsed last, three seconds of work, unless the project changed since then.

    What was parsed for the manifest is of no use to it: it was parsed for another warehouse's path.
    """
    kept = home / "dbt" / _PARSE
    if kept.exists() and kept.stat().st_mtime > manifest.stat().st_mtime:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, target / _PARSE)


def _keep_parse(home: Path, target: Path) -> None:
    if (target / _PARSE).exists():
        (target / _PARSE).replace(home / "dbt" / _PARSE)


def _note_begun(
    context: dg.AssetExecutionContext,
    connection: duckdb.DuckDBPyConnection,
    dates: list[dt.date],
    of_none: set[dg.AssetKey],
) -> None:
    """Note what a run makes: nothing is published before its checks have passed."""
    chosen = context.selected_asset_keys
    mark_unchecked(connection, [key.to_user_string() for key in chosen])
    if not chosen <= of_none:
        mark_facts_due(connection, dates)
        if context.is_subset:
            # Tables that are not chosen hold the dates of the last run, and so does what is made
            # of them.
            mark_facts_due(connection, _last_dates(connection))


def _last_dates(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """Dates of which the last run left its tables."""
    if not connection.execute(
        "from duckdb_tables() where table_name = 'int_model_days'"
    ).fetchall():
        return []
    rows = connection.execute("select distinct date from intermediate.int_model_days").fetchall()
    return [date for (date,) in rows]


def _note_passed(
    context: dg.AssetExecutionContext,
    connection: duckdb.DuckDBPyConnection,
    of_none: set[dg.AssetKey],
    followers: Mapping[dg.AssetKey, set[dg.AssetKey]],
) -> None:
    """Note that a run of some tables passed, if it included all that follows and every check.

    In the UI both can be left out. A run that renews facts leaves them unchecked all the same,
    since others were made of what they were before.
    """
    chosen = context.selected_asset_keys
    specs = context.assets_def.node_check_specs_by_output_name.values()
    checks = {spec.key for spec in specs if spec.asset_key in chosen}
    if (
        chosen <= of_none
        and all(followers[key] <= chosen for key in chosen)
        and checks <= context.selected_asset_check_keys
    ):
        mark_checked(connection, [key.to_user_string() for key in chosen])


def _facts_of_dates(manifest: Path) -> list[dg.AssetKey]:
    """Facts whose rows are of one date: those that a date in the calendar says something of.

    An event takes 9 ms; two years of dates are 120 for each of them.
    """
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return sorted(
        dg.AssetKey([node["schema"], node["name"]])
        for node in nodes
        if node["name"].startswith("fct_") and {"date", "period"} & node["columns"].keys()
    )


def _followers(manifest: Path) -> dict[dg.AssetKey, set[dg.AssetKey]]:
    """Each seed, model and source with all that follows from it, and itself where dbt makes it."""
    held = json.loads(manifest.read_text())
    keys = {
        name: dg.AssetKey([node["schema"], node["name"]])
        for name, node in {**held["nodes"], **held["sources"]}.items()
        if node["resource_type"] in ("model", "seed", "source")
    }
    found = {}
    for name, key in keys.items():
        below, pending = {name}, [name]
        while pending:
            fresh = set(held["child_map"][pending.pop()]) - below
            below |= fresh
            pending += fresh
        found[key] = {keys[one] for one in below & held["nodes"].keys() & keys.keys()}
    return found


def _told(
    context: dg.AssetExecutionContext,
    home: Path,
    invocation: DbtCliInvocation,
    dates: list[dt.date],
) -> Iterator[Any]:
    """What dbt does, as it does it, each table with its rows.

    Of shares and ranks more is said, which only their rows can tell: at dbt's end, until which it
    holds the file. What came after them waits too, since Dagster takes nothing before what it
    follows from.
    """
    waiting: list[Any] = []
    try:
        for event in invocation.stream_raw_events():
            for told in event.to_default_asset_events(
                invocation.manifest,
                invocation.dagster_dbt_translator,
                invocation.context,
                invocation.target_path,
            ):
                if isinstance(told, dg.Output):
                    told = told.with_metadata({**told.metadata, **_rows(event)})
                if waiting or _is_of_pictured(told):
                    waiting.append(told)
                else:
                    yield told
    except DagsterDbtCliRuntimeError:
        yield from waiting
        raise
    with connect(home, read_only=True) as connection:
        _tell_facts(context, connection, dates)
    yield from waiting


def _rows(event: DbtCliEventMessage) -> dict[str, dg.MetadataValue]:
    """Rows of a table or seed, from dbt's word on it (`SELECT 12`); none of a view."""
    said = event.raw_event["data"]
    _, _, rows = str(said.get("result_message") or said["status"]).rpartition(" ")
    return {"dagster/row_count": dg.MetadataValue.int(int(rows))} if rows.isdigit() else {}


def _is_of_pictured(told: object) -> bool:
    if isinstance(told, dg.Output):
        return told.output_name in {key.to_python_identifier() for key in _PICTURED}
    return isinstance(told, dg.AssetCheckResult) and told.asset_key in _PICTURED


def _tell_facts(
    context: dg.AssetExecutionContext, connection: duckdb.DuckDBPyConnection, dates: list[dt.date]
) -> None:
    """Of shares and ranks table and picture, and figures to plot."""
    chosen = context.selected_asset_keys
    for key, told in ((_SHARES, share_told), (_RANKS, rank_told)):
        if key in chosen:
            context.add_asset_metadata(
                {
                    name: dg.MetadataValue.md(text)
                    for name, text in told(connection, dates[-1]).items()
                },
                key,
                str(dates[-1]),
            )
    if _SHARES in chosen:
        for date, (downloads, publisher, root) in figures(connection, dates).items():
            context.add_asset_metadata(
                {
                    "downloads_30d": dg.MetadataValue.int(round(downloads)),
                    f"share_of_{FAMILY}_first_party": dg.MetadataValue.float(publisher),
                    f"share_of_{FAMILY}_ecosystem": dg.MetadataValue.float(root),
                },
                _SHARES,
                str(date),
            )
