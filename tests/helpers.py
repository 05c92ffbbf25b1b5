"""Building small records for tests: items, captures, ledgers, facts.

Belongs here: what several tests need to set up. Does not belong here: expectations.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.hub.items import parse_rows, surrogate_id
from assets.ledger.due import facts_done, facts_due, next_batch
from assets.ledger.load import load_capture
from assets.ledger.warehouse import connect
from tests import dbt_process

Item = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


def hub_id(repo_id: str) -> str:
    """A stable `_id` for a made-up repository."""
    return hashlib.sha256(repo_id.encode()).hexdigest()[:24]


def item(
    repo_id: str,
    downloads: int | None = 0,
    parents: Iterable[str] = (),
    relation: str = "finetune",
    **more: Any,
) -> Item:
    """A listed item in the Hub's shape."""
    made: Item = {"_id": hub_id(repo_id), "id": repo_id, "downloads": downloads, "tags": []}
    named = [{"_id": hub_id(parent), "id": parent} for parent in parents]
    if named:
        made["baseModels"] = {"relation": relation, "models": named}
    return {**made, **more}


def write_capture(folder: Path, date: dt.date, items: Iterable[Item]) -> Path:
    """An importable file of a date."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{date}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in items))
    return path


def record(
    home: Path, captures: Mapping[dt.date, Iterable[Item]], sample: str | None = None
) -> None:
    """Seal captures in a home."""
    folder = home / "incoming"
    for date, items in captures.items():
        write_capture(folder, date, items)
    import_files(CaptureStore(home / "captures"), folder, 1.0, 0.0, sample=sample)


def record_archived(home: Path, captures: Mapping[dt.date, Iterable[Item]]) -> None:
    """Seal captures as the archive gives them: without the Hub's ids, surrogates in their place."""
    store = CaptureStore(home / "captures")
    for date, items in captures.items():
        rows = [
            {**one, "_id": surrogate_id(one["id"], dt.datetime.fromisoformat(one["createdAt"]))}
            for one in items
        ]
        with store.open(date, "hub_archive", "test", ids="surrogate") as capture:
            capture.append(parse_rows(json.dumps(row).encode() for row in rows))
            capture.seal()


def load(home: Path, dates: Iterable[dt.date]) -> None:
    """Load sealed captures in the order given."""
    with connect(home) as connection:
        for date in dates:
            load_capture(connection, CaptureStore(home / "captures"), date)


def run_dbt(home: Path, *arguments: str) -> str:
    """Run dbt on a home; its output. Fails the test where dbt fails."""
    succeeded, output = dbt_process.run(home, *arguments)
    assert succeeded, output[-6000:]
    return output


def build_facts(home: Path, *wanted: str, max_models: int = 10**9, tested: bool = False) -> None:
    """Run dbt for the dates that are due; in batches of models.

    Args:
        home: Whose facts.
        wanted: Only these marts and what they are made from; all where none is named.
        max_models: Of one batch.
        tested: With the models' data tests, which are a third of the time: everyday where the
            record is a random or a hostile one, on all others in CI.
    """
    chosen = ["--select", *(f"+{mart}" for mart in wanted)] if wanted else []
    if tested or os.environ.get("HUB_LEDGER_TEST_LONG") == "1":
        command = ["build", "--exclude-resource-type", "unit_test", "seed"]
        # Those of seeds, which do not change here, are run with the whole job.
        command += ["--indirect-selection", "buildable"]
    else:
        command = ["run"]
    with connect(home) as connection:
        seeded = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'reference'"
        ).fetchall()[0][0]
    if not seeded:
        run_dbt(home, "seed")
    while True:
        with connect(home) as connection:
            batch = next_batch(connection, max_models)
        run_dbt(home, *command, *chosen)
        with connect(home) as connection:
            facts_done(connection, batch)
            if not facts_due(connection):
                return


def query(home: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of the private warehouse."""
    with connect(home, read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()


def ledger(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The ledger's tables with the Hub's identity in place of its own keys."""
    histories = {
        table: connection.execute(
            f"select models.hub_id, held.* exclude (model_key) from raw.{table} as held "
            "join raw.models as models on models.model_key = held.model_key order by all"
        ).fetchall()
        for table in (
            "open_counter_spans", "closed_counter_spans", "open_attention_spans",
            "closed_attention_spans", "model_counters", "presence_spans", "model_attributes",
            "model_names", "model_cards", "model_updates", "model_lineage", "model_parents",
        )
    }  # fmt: skip
    return histories | {
        "verdicts": connection.execute(
            "select date, verdict from raw.captures order by 1"
        ).fetchall(),
        "events": connection.execute("from raw.quality_events order by all").fetchall(),
    }


def marts(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All marts, each as sorted rows; times of recording left out."""
    with connect(home, read_only=True) as connection:
        return all_tables(connection)


def all_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """All tables of schema marts, each as sorted rows; times of recording left out."""
    names = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
    ).fetchall()
    times = {"meta_captures": "started_at, finished_at", "meta_freshness": "recorded_at"}
    tables = {}
    for (name,) in names:
        columns = f"* exclude ({times[name]})" if name in times else "*"
        tables[name] = connection.execute(
            f"select {columns} from marts.{name} order by all"
        ).fetchall()
    return tables
