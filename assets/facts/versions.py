"""Whether the facts in a warehouse were made by the definitions and models that hold today.

Belongs here: those comparisons. Does not belong here: what the definitions say (see the seed
`definitions` of `dbt_project`).
"""

import csv
import json
from pathlib import Path

import duckdb

from assets.errors import LedgerError
from assets.facts.project import PROJECT_DIR


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
