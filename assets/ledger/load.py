"""Sealed captures into schema `raw`: one transaction a capture, in any order, any number of times.

Belongs here: what a load changes in the ledger. Does not belong here: validation of rows (see
`assets.hub.items`), how histories are kept (see `assets.ledger.histories`), facts.
"""

import datetime as dt
from dataclasses import dataclass

import duckdb

from assets.captures.admission import PLAIN, Thresholds
from assets.captures.store import CaptureStore, Manifest
from assets.errors import LedgerError
from assets.ledger.due import mark_facts_due
from assets.ledger.histories import record_spans, record_states
from assets.ledger.identity import resolve_identities
from assets.ledger.quality import judge_counters, judge_rows
from assets.ledger.reduction import read_reduced
from assets.ledger.rows import (
    ATTENTION,
    CARDS,
    COUNTERS,
    LINEAGE,
    NAMES,
    UPDATES,
    read_items,
)
from assets.ledger.warehouse import ensure_schema

_SPANS = {"counter_spans": COUNTERS, "attention_spans": ATTENTION, "presence_spans": ()}
# With the state that needs no row.
_STATES = {
    "model_names": (NAMES, "false"),
    "model_cards": (CARDS, "false"),
    "model_updates": (UPDATES, "seen.last_modified is null"),
    "model_lineage": (LINEAGE, "len(seen.parents) = 0"),
}


@dataclass(frozen=True)
class Loaded:
    """What one load did.

    Attributes:
        date: The capture's date.
        models: Models with counters on that date.
        new_models: Models the ledger had never seen.
        duplicates: Rows of the capture left out because their `_id` came again.
        already: Whether the date had been loaded before, so that nothing changed.
    """

    date: dt.date
    models: int
    new_models: int
    duplicates: int
    already: bool


def load_capture(
    connection: duckdb.DuckDBPyConnection,
    store: CaptureStore,
    date: dt.date,
    thresholds: Thresholds = PLAIN,
) -> Loaded:
    """Load one sealed capture, all of it or nothing; a second time changes nothing.

    Raises:
        LedgerError: The capture is missing or differs from its checksums, or the ledger holds
            another capture of that date.
    """
    ensure_schema(connection)
    manifest = store.manifest(date)
    held = connection.execute(
        "select items_sha256, rows - duplicates from raw.captures where date = $date",
        {"date": date},
    ).fetchone()
    if held is not None:
        if held[0] != manifest.items_sha256:
            raise LedgerError(
                f"the ledger holds another capture of {date} than {store.folder(date)}; "
                "run make rebuild"
            )
        return Loaded(date, held[1], 0, 0, already=True)
    store.verify(date)
    connection.begin()
    try:
        loaded = _load(connection, store, manifest)
        settle(connection, thresholds, loaded.new_models)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return loaded


def settle(
    connection: duckdb.DuckDBPyConnection, thresholds: Thresholds, new_models: int = 0
) -> None:
    """Draw what follows from all captures together: verdicts, identities, quality events."""
    judge_rows(connection, thresholds)
    resolve_identities(connection, new_models)
    judge_counters(connection, thresholds)


def loaded_dates(connection: duckdb.DuckDBPyConnection) -> set[dt.date]:
    """Dates whose capture the ledger holds."""
    ensure_schema(connection)
    return {row[0] for row in connection.execute("select date from raw.captures").fetchall()}


def _load(connection: duckdb.DuckDBPyConnection, store: CaptureStore, manifest: Manifest) -> Loaded:
    date = manifest.date
    if store.is_reduced(date):
        models = read_reduced(connection, store, date)
        duplicates = manifest.rows - models
    else:
        duplicates = read_items(connection, store.items_path(date))
    # Models with an all-time count: the archive has none before 2025-02-27.
    (counted,) = connection.execute("select count(downloads_all_time) from listed").fetchall()[0]
    new_models = _new_models(connection, is_surrogate=manifest.ids == "surrogate")
    _record(connection, date)
    _note_capture(connection, manifest, duplicates, counted)
    mark_facts_due(connection, [date])
    connection.execute(
        # A name or a state that only this capture shows is known on every later date.
        "insert or ignore into raw.facts_due select date from raw.captures where date > $date",
        {"date": date},
    )
    return Loaded(date, manifest.rows - duplicates, new_models, duplicates, already=False)


def _new_models(connection: duckdb.DuckDBPyConnection, is_surrogate: bool) -> int:
    """Give a key to every model of `listed` that has none; how many there were."""
    (known,) = connection.execute("select count(*) from raw.models").fetchall()[0]
    connection.execute(
        """
        insert into raw.models
        select
            (select coalesce(max(model_key), 0) from raw.models)
            + row_number() over (order by hub_id),
            hub_id,
            $is_surrogate
        from listed anti join raw.models using (hub_id)
        """,
        {"is_surrogate": is_surrogate},
    )
    (after,) = connection.execute("select count(*) from raw.models").fetchall()[0]
    return int(after - known)


def _record(connection: duckdb.DuckDBPyConnection, date: dt.date) -> None:
    """Record `listed` in every history."""
    (next_date,) = connection.execute(
        "select min(date) from raw.captures where date > $date", {"date": date}
    ).fetchall()[0]
    connection.execute(
        """
        alter table listed rename to seen;
        alter table seen add column model_key integer;
        update seen set model_key = models.model_key
        from raw.models as models where seen.hub_id = models.hub_id;
        """
    )
    for history, columns in _SPANS.items():
        record_spans(connection, history, columns, date, next_date)
    for history, (columns, no_row) in _STATES.items():
        record_states(connection, history, columns, date, next_date, no_row)
    connection.execute("drop table seen")


def _note_capture(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, duplicates: int, counted: int
) -> None:
    connection.execute(
        """
        insert into raw.captures
        values (
            $date, $source, $origin, $sample, $started_at, $finished_at, $pages, $rows,
            $duplicates, $counted, $quarantined, $private, $retries, $unknown_keys, $items_sha256,
            $items_bytes, $software, $verdict, now()::timestamp
        )
        """,
        {
            "date": manifest.date,
            "source": manifest.source,
            "origin": manifest.origin,
            "sample": manifest.sample,
            "started_at": manifest.started_at.replace(tzinfo=None),
            "finished_at": manifest.finished_at.replace(tzinfo=None),
            "pages": manifest.pages,
            "rows": manifest.rows,
            "duplicates": duplicates,
            "counted": counted,
            "quarantined": manifest.quarantined,
            "private": manifest.private,
            "retries": manifest.retries,
            "unknown_keys": sorted(manifest.contract.unknown_keys) if manifest.contract else [],
            "items_sha256": manifest.items_sha256,
            "items_bytes": manifest.items_bytes,
            "software": manifest.software,
            "verdict": manifest.verdict,
        },
    )
