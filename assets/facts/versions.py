"""Whether the facts in a warehouse were made by the definitions, models and seeds of today.

Belongs here: those comparisons. Does not belong here: what the definitions say (see the seed
`definitions` of `dbt_project`).
"""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from assets.errors import LedgerError
from assets.facts.project import PROJECT_DIR, manifest_path
from assets.ledger.warehouse import connect


def require_same_definitions(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse to add facts to those of other definitions: a metric never changes silently.

    Raises:
        LedgerError: A definition is new or has another version than when the facts were made.
    """
    if not connection.execute(
        "select 1 from duckdb_tables() "
        "where schema_name = 'marts' and table_name = 'dim_definition'"
    ).fetchall():
        return
    held = dict(
        connection.execute("select definition, version from marts.dim_definition").fetchall()
    )
    with (PROJECT_DIR / "seeds" / "definitions.csv").open(newline="") as seed:
        today = {row["definition"]: int(row["version"]) for row in csv.DictReader(seed)}
    changed = sorted(name for name, version in today.items() if held.get(name) != version)
    if held and changed:
        raise LedgerError(
            f"the facts in the warehouse were made before {', '.join(changed)} meant what "
            "docs/definitions.md says today; run make rebuild"
        )


def require_all_histories(connection: duckdb.DuckDBPyConnection, manifest: Path) -> None:
    """Refuse to begin a table that grows by the night in the middle of the record.

    Args:
        connection: To the warehouse.
        manifest: Of the dbt project.

    Raises:
        LedgerError: Facts of earlier dates were made without an incremental model that there is.
    """
    done = connection.execute(
        "select count(*) from raw.captures where date not in (select date from raw.facts_due)"
    ).fetchall()[0][0]
    held = set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
    missing = sorted(
        node["name"]
        for node in json.loads(manifest.read_text())["nodes"].values()
        if node["config"].get("materialized") == "incremental"
        and (node["schema"], node["name"]) not in held
    )
    if done and missing:
        raise LedgerError(
            f"the facts in the warehouse were made before there was {', '.join(missing)}; "
            "run make rebuild"
        )


def note_seeds(connection: duckdb.DuckDBPyConnection, seeds: Mapping[str, str]) -> None:
    """Note which seeds a run of all facts had, as `seeds_of` gave them before it began, if any."""
    connection.execute("delete from raw.facts_seeds")
    for seed in seeds.items():
        connection.execute("insert into raw.facts_seeds values (?, ?)", seed)


def has_same_seeds(home: Path, but: Iterable[str]) -> bool:
    """Whether the last run of all facts of a home had the seeds of today.

    Args:
        home: Its warehouse has the ledger's tables.
        but: Names of seeds that may have changed since.
    """
    with connect(home, read_only=True) as connection:
        held = dict(connection.execute("select seed, checksum from raw.facts_seeds").fetchall())
    wanted = seeds_of(manifest_path())
    return all(held.get(name) == wanted[name] for name in wanted.keys() - set(but))


def seeds_of(manifest: Path) -> dict[str, str]:
    """Each seed with dbt's checksum of its file."""
    return {
        node["name"]: node["checksum"]["checksum"]
        for node in json.loads(manifest.read_text())["nodes"].values()
        if node["resource_type"] == "seed"
    }
