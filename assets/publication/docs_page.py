"""dbt's documentation of what is published, as one page that asks nothing of anybody.

Belongs here: what goes into dbt's page. Does not belong here: the texts (see `dbt_project`).

The page is that of ``dbt docs generate --static``, filled in without a run of dbt: that takes five
seconds, and puts the machine's paths into the page.
"""

import json
from pathlib import Path
from typing import Any

import duckdb
from dbt.task.docs import DOCS_INDEX_FILE_PATH

from assets.errors import LedgerError
from assets.facts.project import manifest_path

_ABOUT = ("dbt_schema_version", "dbt_version", "generated_at", "project_name", "adapter_type")
# All of a manifest's lists of things that the page shows, by their unique id.
_LISTS = (
    "nodes", "sources", "macros", "docs", "exposures", "metrics", "groups", "semantic_models",
    "saved_queries", "unit_tests",
)  # fmt: skip
# dbt's templates are compiled in the page; what they name is never fetched from a host.
_POLICY = (
    '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="'
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    'img-src data:; font-src data:">'
)


def docs_page(connection: duckdb.DuckDBPyConnection) -> str:
    """The page for the published file that a connection has open.

    Raises:
        LedgerError: The installed dbt has another page.
    """
    manifest = json.loads(manifest_path().read_text())
    database = connection.execute("select current_database()").fetchall()[0][0]
    page = Path(DOCS_INDEX_FILE_PATH).read_text()
    for place, content in (
        ('<meta charset="utf-8">', _POLICY),
        ("<title>dbt Docs</title>", "<title>Hub Ledger: the tables</title>"),
        ('"MANIFEST.JSON INLINE DATA"', _inline(_public(manifest, database))),
        ('"CATALOG.JSON INLINE DATA"', _inline(_catalog(connection, manifest))),
    ):
        if page.count(place) != 1:
            raise LedgerError(f"dbt's documentation page has {page.count(place)} times {place!r}")
        page = page.replace(place, content)
    return page


def _public(manifest: dict[str, Any], database: str) -> dict[str, Any]:
    """A manifest without what is of the machine that parsed it, and without dbt's own macros."""
    public = dict(manifest, metadata={key: manifest["metadata"][key] for key in _ABOUT})
    for name in _LISTS:
        public[name] = {
            key: {field: value for field, value in one.items() if field != "root_path"}
            for key, one in manifest[name].items()
            if name != "macros" or one["package_name"] == manifest["metadata"]["project_name"]
        }
    for node in public["nodes"].values():
        if node["schema"] == "marts":
            # As readers of the published file call it.
            node["database"] = database
    return public


def _catalog(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> dict[str, Any]:
    """What dbt calls the catalog: the tables that there are, with their columns as they are."""
    ids = {
        node["name"]: key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    nodes: dict[str, Any] = {}
    for database, schema, table, rows, about, column, index, kind, meaning in connection.execute(
        """
        select database_name, schema_name, table_name, estimated_size, held.comment, column_name,
            column_index, data_type, columns.comment
        from duckdb_tables() as held
        join duckdb_columns() as columns using (database_name, schema_name, table_name)
        order by all
        """
    ).fetchall():
        if table not in ids:
            # A table whose model is gone.
            continue
        node = nodes.setdefault(
            ids[table],
            {
                "unique_id": ids[table],
                "metadata": {
                    "database": database, "schema": schema, "name": table, "comment": about,
                    "type": "BASE TABLE", "owner": None,
                },
                "columns": {},
                "stats": {
                    "has_stats": {
                        "id": "has_stats", "label": "Has Stats?", "value": True,
                        "include": False, "description": "",
                    },
                    "rows": {
                        "id": "rows", "label": "Rows", "value": rows, "include": True,
                        "description": "Rows in the published table.",
                    },
                },
            },
        )  # fmt: skip
        node["columns"][column] = {
            "name": column, "type": kind, "index": index, "comment": meaning,
        }  # fmt: skip
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}


def _inline(content: object) -> str:
    """JSON for inside a script of a page, which no text in it can end."""
    return json.dumps(content).replace("</", "<\\/").replace("<!--", "<\\u0021--")
