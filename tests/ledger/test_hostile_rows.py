"""Two thousand mutated rows and pages: no crash, every good row kept, every bad one explained."""

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.hub.items import parse_page
from assets.ledger.warehouse import connect
from tests.helpers import hub_id, item, load

DATE = dt.date(2026, 3, 1)
MUTATED = 2000

VALUES: list[Any] = [
    None, True, False, 0, -1, 2**31, 10**15, 2**63 - 1, 2**63, 2**64, -(2**63), 10**400, 1e308,
    -0.0, 1.5, "", "x", "\x00", "a\x00b", "\ud800", "\u202e", "🦙" * 50, "'; drop schema raw; --",
    "{{ 7*7 }}", "x" * 1_000_000, [], [None], [[]], ["a", 1], {}, {"a": {"b": {}}}, {"$ne": None},
    "NaN", "null",
]  # fmt: skip
KEYS = [
    "_id", "id", "author", "baseModels", "createdAt", "disabled", "downloads", "downloadsAllTime",
    "gated", "lastModified", "library_name", "likes", "pipeline_tag", "private", "safetensors",
    "tags", "trendingScore", "__class__", "__proto__", "self", "select", "drop table", "", "a\x00",
    "constructor", "x" * 10_000,
]  # fmt: skip


def mutated(rng: random.Random, number: int) -> bytes:
    """A row with one to three things wrong with it, or its bytes torn."""
    row: Any = item(f"someone/mutant-{number}", 5, ["Qwen/Q"], tags=["a"], likes=1)
    for _ in range(rng.randrange(1, 4)):
        row[rng.choice(KEYS)] = rng.choice(VALUES)
    data = bytearray(json.dumps(row).encode())
    kind = rng.random()
    if kind < 0.1:
        del data[rng.randrange(len(data)) :]
    elif kind < 0.2:
        data[rng.randrange(len(data))] = rng.randrange(128, 256)
    elif kind < 0.25:
        depth = rng.choice((100, 2000, 100_000))
        data = bytearray(
            b'{"_id":"' + b"a" * 24 + b'","id":"x/y","k":' + b"[" * depth + b"]" * depth + b"}"
        )
    elif kind < 0.3:
        data = data[:-1] + b',"downloads":1,"downloads":2,"id":"twice/said"}'
    return bytes(data).replace(b"\n", b" ")


def test_mutated_rows_cost_only_themselves(tmp_path: Path) -> None:
    rng = random.Random(3)
    lines, good = [], {}
    for number in range(MUTATED):
        lines.append(mutated(rng, number))
        if number % 4 == 0:
            name = f"keeper/model-{number}"
            good[hub_id(name)] = number
            lines.append(json.dumps(item(name, number)).encode())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"{DATE}.jsonl").write_bytes(b"\n".join(lines))
    store = CaptureStore(tmp_path / "captures")
    (manifest,) = import_files(store, folder, 1.0, 0.9)
    blank = sum(not line.strip() for line in lines)
    assert manifest.rows + manifest.quarantined + manifest.private == len(lines) - blank
    assert manifest.quarantined > MUTATED / 4
    explained = quarantine(store)
    assert len(explained) == manifest.quarantined
    assert all(entry["reason"] and entry["raw_base64"] for entry in explained)
    load(tmp_path, [DATE])
    with connect(tmp_path) as connection:
        found = dict(
            connection.execute(
                "select hub_id, downloads from raw.model_counters join raw.models using (model_key)"
            ).fetchall()
        )
        duplicates = connection.execute("select duplicates from raw.captures").fetchall()[0][0]
    assert good.items() <= found.items()
    assert len(found) + duplicates == manifest.rows


def quarantine(store: CaptureStore) -> list[dict[str, Any]]:
    with (store.folder(DATE) / "quarantine.jsonl.zst").open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    entries: list[dict[str, Any]] = [msgspec.json.decode(line) for line in text.splitlines()]
    return entries


def test_mutated_pages_are_parsed_or_refused_whole() -> None:
    rng = random.Random(4)
    row = json.dumps(item("Qwen/Q", 5)).encode()
    for _ in range(500):
        page = bytearray(b"[" + b",".join([row] * 5) + b"]")
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(page))
            page[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        try:
            parsed = parse_page(bytes(page))
        except ValueError as error:
            assert "page" in str(error)
        else:
            assert parsed.rows + len(parsed.bad) + parsed.private >= 1
            for line in parsed.lines.splitlines():
                assert msgspec.json.decode(line)["_id"]
