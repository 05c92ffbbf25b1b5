"""The documents say what the code does, where both say the same thing."""

import csv
import json
import re

from assets.facts.project import manifest_path
from tests.helpers import REPOSITORY

DOCS = REPOSITORY / "docs"


def test_the_definitions_page_is_the_seed() -> None:
    seed = csv.DictReader(
        (REPOSITORY / "dbt_project" / "seeds" / "definitions.csv").read_text().splitlines()
    )
    rows = [f"| `{row['definition']}` | {row['version']} | {row['text']} |" for row in seed]
    page = (DOCS / "definitions.md").read_text()
    table = page.split("<!-- definitions: begin -->")[1].split("<!-- definitions: end -->")[0]
    assert table.strip().splitlines()[2:] == rows


def test_the_data_dictionary_is_the_contract() -> None:
    page = (DOCS / "data_dictionary.md").read_text()
    manifest = json.loads(manifest_path().read_text())
    marts = sorted(
        (node for node in manifest["nodes"].values() if node.get("schema") == "marts"),
        key=lambda node: node["name"],
    )
    tables = [node for node in marts if node["resource_type"] == "model"]
    assert re.findall(r"^## `(\w+)`$", page, re.M) == [node["name"] for node in tables]
    for node in tables:
        section = page.split(f"## `{node['name']}`")[1].split("\n## ")[0]
        assert " ".join(node["description"].split()) in section
        for column in node["columns"].values():
            assert (
                f"| `{column['name']}` | {column['data_type']} | {column['description']} |"
                in section
            )


def test_links_and_commands_in_the_documents_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for path in [REPOSITORY / "README.md", *DOCS.glob("*.md")]:
        text = path.read_text()
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (path.parent / target).exists(), (path.name, target)
        for command in re.findall(r"`(?:\w+=\S+ )*make ([a-z-]+)", text):
            assert re.search(rf"^{command}:", makefile, re.M), (path.name, command)
