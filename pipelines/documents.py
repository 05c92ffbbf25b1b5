"""The pages of `docs/` that say what the dbt project says: written from it, compared by a test.

Belongs here: the data dictionary, the table of definitions. Does not belong here: prose.
"""

import csv
import json
from pathlib import Path

from assets.facts.project import PROJECT_DIR, manifest_path

DOCS = Path(__file__).resolve().parents[1] / "docs"

_BEGIN, _END = "<!-- definitions: begin -->\n", "<!-- definitions: end -->"
_DICTIONARY_HEAD = """# Data dictionary

The public tables, schema `marts` of `published/hub_ledger.duckdb`; the same texts are comments in
the file. Written by `make docs` from the contracts.
"""


def data_dictionary() -> str:
    """The page of all marts with their columns, from dbt's manifest."""
    manifest = json.loads(manifest_path().read_text())
    marts = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    page = [_DICTIONARY_HEAD]
    for node in sorted(marts, key=lambda node: node["name"]):
        page += [f"## `{node['name']}`\n", " ".join(node["description"].split()) + "\n"]
        page += ["| column | type | meaning |", "|---|---|---|"]
        page += [
            f"| `{column['name']}` | {column['data_type']} "
            f"| {' '.join(column['description'].split())} |"
            for column in node["columns"].values()
        ]
        page.append("")
    return "\n".join(page)


def definitions() -> str:
    """The page of definitions, its table written anew from the seed."""
    with (PROJECT_DIR / "seeds" / "definitions.csv").open(newline="") as seed:
        rows = [
            f"| `{row['definition']}` | {row['version']} | {row['text']} |"
            for row in csv.DictReader(seed)
        ]
    table = "\n".join(["| definition | version | text |", "|---|---|---|", *rows])
    before, rest = (DOCS / "definitions.md").read_text().split(_BEGIN)
    return f"{before}{_BEGIN}{table}\n{_END}{rest.split(_END)[1]}"


def write_documents() -> None:
    """Write the pages."""
    (DOCS / "data_dictionary.md").write_text(data_dictionary())
    (DOCS / "definitions.md").write_text(definitions())
