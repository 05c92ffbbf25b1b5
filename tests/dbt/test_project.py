"""The dbt project's own rules, read from its manifest."""

import json
from pathlib import Path
from typing import Any

import pytest

from assets.facts.project import PROJECT_DIR, manifest_path
from assets.facts.versions import has_same_seeds, note_seeds, seeds_of
from assets.ledger.warehouse import connect, ensure_schema

PLAIN_TYPES = {"bigint", "integer", "double", "boolean", "varchar", "date", "timestamp"}


@pytest.fixture(scope="module")
def models() -> dict[str, dict[str, Any]]:
    manifest = json.loads(manifest_path().read_text())
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def test_every_model_has_its_yml_beside_it_and_a_description(
    models: dict[str, dict[str, Any]],
) -> None:
    for name, node in models.items():
        sql = PROJECT_DIR / node["original_file_path"]
        assert sql.with_suffix(".yml").is_file(), name
        assert node["patch_path"].endswith(f"{name}.yml"), name
        assert node["description"], name


def test_marts_are_contracts_of_plain_described_columns(models: dict[str, dict[str, Any]]) -> None:
    marts = {name: node for name, node in models.items() if node["schema"] == "marts"}
    assert marts
    for name, node in marts.items():
        assert node["config"]["contract"]["enforced"], name
        assert node["access"] == "public", name
        for column, about in node["columns"].items():
            assert about["data_type"] in PLAIN_TYPES, (name, column)
            assert about["description"], (name, column)


def test_layers_read_downwards_only(models: dict[str, dict[str, Any]]) -> None:
    for name, node in models.items():
        folder = node["fqn"][1]
        for parent in node["depends_on"]["nodes"]:
            kind, *_, parent_name = parent.split(".")
            if kind == "source":
                assert folder == "staging", (name, parent_name)
            elif kind == "model" and folder == "staging":
                assert models[parent_name]["fqn"][1] == "staging", (name, parent_name)


def test_every_mart_has_a_key_that_is_tested(models: dict[str, dict[str, Any]]) -> None:
    """A view may rest on the keys of the intermediate models that it joins, all of them tested."""
    manifest = json.loads(manifest_path().read_text())
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node["test_metadata"]["name"] in ("unique", "unique_combination", "one_state_at_a_time")
    }
    for name, node in models.items():
        if node["schema"] != "marts" or node["unique_id"] in tested:
            continue
        assert node["config"]["materialized"] == "view", name
        joined = {parent for parent in node["depends_on"]["nodes"] if ".int_" in parent}
        assert joined, name
        assert joined <= tested, (name, joined - tested)


def test_facts_made_with_other_seeds_are_told(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        ensure_schema(connection)
    assert not has_same_seeds(tmp_path, but=[])
    with connect(tmp_path) as connection:
        note_seeds(connection, {"releases": "of another file"})
        note_seeds(connection, seeds_of(manifest_path()))
    assert has_same_seeds(tmp_path, but=[])
    with connect(tmp_path) as connection:
        connection.execute("update raw.facts_seeds set checksum = '' where seed = 'releases'")
        connection.execute("delete from raw.facts_seeds where seed = 'reported_claims'")
    assert has_same_seeds(tmp_path, but=["releases", "reported_claims"])
    assert not has_same_seeds(tmp_path, but=["releases"])
    assert not has_same_seeds(tmp_path, but=["reported_claims"])
