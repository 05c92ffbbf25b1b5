"""The four real captures, where they are at hand: rows, sums, and an independent count."""

import collections
import datetime as dt
import fractions
import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.processes import run_command
from tests.helpers import query

pytestmark = pytest.mark.shared_data

LAST = dt.date(2026, 8, 22)


@pytest.fixture(scope="module")
def home(real_captures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    done = run_command(folder, "import", "--captures", str(real_captures))
    assert done.returncode == 0, done.stderr
    assert "SAMPLE" not in done.stdout
    return folder


def listed(real_captures: Path, date: dt.date) -> list[dict[str, Any]]:
    with gzip.open(real_captures / f"{date}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def test_rows_a_date(home: Path) -> None:
    assert query(
        home, "select date, count(*) from raw.model_counters group by date order by date"
    ) == [
        (dt.date(2026, 8, 19), 11566),
        (dt.date(2026, 8, 20), 12772),
        (dt.date(2026, 8, 21), 13192),
        (LAST, 15156),
    ]


def test_every_share_group_sums_to_one(home: Path) -> None:
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "select date, scope, attribution, basis, variant, sum(share), sum(downloads), "
            "any_value(scope_downloads) from marts.fct_family_share_daily group by all"
        ).fetchall()
    # Four dates of 30-day counts; all-time ones were not captured.
    assert {row[3] for row in rows} == {"window"}
    assert len(rows) == 4 * 4 * 4
    for *_, share, downloads, total in rows:
        assert abs(share - 1) < 1e-9
        assert abs(downloads - total) < 1e-6


def test_totals_are_the_files(home: Path, real_captures: Path) -> None:
    items = listed(real_captures, LAST)
    found = dict(
        query(
            home,
            "select scope, any_value(scope_downloads) from marts.fct_family_share_daily "
            "where date = ? and basis = 'window' group by scope",
            LAST,
        )
    )
    text = ("text-generation", "image-text-to-text")
    assert {scope: found[scope] for scope in ("all", "text_vlm")} == {
        "all": sum(one["downloads"] for one in items),
        "text_vlm": sum(one["downloads"] for one in items if one.get("pipeline_tag") in text),
    }


def declared(one: dict[str, Any]) -> tuple[set[str], str]:
    """Parents but the model itself, in lower case, and its relation: the Hub's or else tags'."""
    bases = one.get("baseModels") or {}
    parents = {parent["id"] for parent in bases.get("models", [])}
    relations = {bases.get("relation")}
    if not parents:
        relations = set()
        for tag in one["tags"]:
            kind, _, name = tag.removeprefix("base_model:").partition(":")
            if tag.startswith("base_model:") and name:
                parents.add(name)
                relations.add(kind)
            elif tag.startswith("base_model:") and kind:
                parents.add(kind)
    others = {name.lower() for name in parents} - {one["id"].lower()}
    return others, min(filter(None, relations), default="unknown")


def test_derivatives_of_qwen_by_relation(home: Path, real_captures: Path) -> None:
    """Counted from the file alone: parents named by the Hub or else by tags, owner Qwen."""
    counts: collections.Counter[str] = collections.Counter()
    for one in listed(real_captures, LAST):
        parents, relation = declared(one)
        from_qwen = any(name.startswith("qwen/") for name in parents)
        if from_qwen and not one["id"].lower().startswith("qwen/"):
            counts[relation] += 1
    found = dict(
        query(
            home,
            "select relation, direct from marts.fct_derivative_counts where date = ? "
            "and family = 'Qwen' and direct > 0 and relation <> 'any'",
            LAST,
        )
    )
    assert found == dict(counts)
    assert sum(counts.values()) > 2000


def test_derivatives_of_the_models_that_have_most(home: Path, real_captures: Path) -> None:
    """Counted from the file alone, but for the names of parents that it lists under another one."""
    items = listed(real_captures, LAST)
    found = query(
        home,
        "select lower(repo_id), direct, internal, new, publishers, direct_fractional "
        "from marts.fct_model_derivatives where as_of = ? and relation = 'any' "
        "order by direct desc, repo_id limit 10",
        LAST,
    )
    assert len(found) == 10
    for parent, direct, internal, new, publishers, fractional in found:
        owner = parent.split("/")[0]
        children = [one for one in items if parent in declared(one)[0]]
        others = [one for one in children if one["id"].split("/")[0].lower() != owner]
        assert direct == len(others), parent
        assert internal == len(children) - len(others)
        assert new == len([one for one in others if one["createdAt"][:7] == "2026-08"])
        assert publishers == len({one["id"].split("/")[0] for one in others})
        parts = sum(fractions.Fraction(1, len(declared(one)[0])) for one in others)
        assert abs(fractional - parts) < 1e-6
