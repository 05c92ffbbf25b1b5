"""Whether the facts in a warehouse were made by the definitions that hold today.

Belongs here: that comparison. Does not belong here: what the definitions say (see the seed
`definitions` of `dbt_project`).
"""

import csv

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
