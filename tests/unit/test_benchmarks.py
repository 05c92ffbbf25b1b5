"""The generator of a full-size Hub, small: its captures are what the record accepts."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import networkx
import pytest
import zstandard

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from benchmarks.generate import generate
from tests.helpers import load, query

START = dt.date(2026, 1, 1)
DATES = [START + dt.timedelta(days=day) for day in range(3)]
MODELS = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    list(generate(folder, MODELS, len(DATES), START))
    return folder


def listed(folder: Path, date: dt.date) -> list[dict[str, Any]]:
    with (folder / f"{date}.jsonl.zst").open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [json.loads(line) for line in text.splitlines()]


def _seconds(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).timestamp())


def test_every_generated_row_is_accepted_and_loaded(folder: Path, tmp_path: Path) -> None:
    manifests = import_files(CaptureStore(tmp_path / "captures"), folder, 0, 0.9)
    assert [(one.quarantined, one.verdict) for one in manifests] == [(0, "admitted")] * len(DATES)
    load(tmp_path, DATES)
    counted = query(tmp_path, "select date, count(*) from raw.model_counters group by 1 order by 1")
    assert counted == [(one.date, one.rows) for one in manifests]
    ((duplicates,),) = query(tmp_path, "select sum(duplicates) from raw.captures")
    assert duplicates == 0


def test_the_list_falls_by_id_and_its_counters_and_attributes_move(folder: Path) -> None:
    days = [listed(folder, date) for date in DATES]
    for rows in days:
        ids = [row["_id"] for row in rows]
        assert ids == sorted(set(ids), reverse=True)
        assert all(int(row["_id"][:8], 16) == _seconds(row["createdAt"]) for row in rows)
    before, after = ({row["_id"]: row for row in rows} for rows in days[:2])
    both = before.keys() & after.keys()
    assert both < after.keys() and both < before.keys()
    moved = {
        name: sum(before[one].get(name) != after[one].get(name) for one in both) / len(both)
        for name in ("downloads", "downloadsAllTime", "trendingScore", "lastModified", "tags")
    }
    assert all(share > 0 for share in moved.values()), moved
    assert 0.08 < moved["downloads"] < 0.16
    assert 0.5 < sum(row["downloads"] == 0 for row in days[0]) / len(days[0]) < 0.7


@pytest.mark.parametrize("stress", [False, True])
def test_lineage_holds_what_real_cards_do(folder: Path, tmp_path: Path, stress: bool) -> None:
    if stress:
        ((path, _),) = generate(tmp_path, MODELS, 1, START, stress=True)
        folder = path.parent
    graph = networkx.DiGraph()
    rows = listed(folder, START)
    for row in rows:
        parents = row.get("baseModels", {"models": []})["models"]
        graph.add_edges_from((row["_id"], parent["_id"]) for parent in parents)
    names = {row["_id"] for row in rows}
    assert any(graph.has_edge(one, one) for one in graph)
    assert any(one not in names for one in graph)
    assert max(dict(graph.out_degree()).values()) > 1
    cycles = [part for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    used = {row["_id"] for row in rows if not row["author"].startswith("user-")}
    assert cycles
    assert any(used & part for part in cycles) == stress


def test_the_same_seed_gives_the_same_hub(folder: Path, tmp_path: Path) -> None:
    ((path, _),) = generate(tmp_path, MODELS, 1, START)
    assert listed(path.parent, START) == listed(folder, START)
