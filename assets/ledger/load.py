"""Sealed captures into schema `raw`: one transaction a capture, in any order, any number of times.

Belongs here: what a load changes in the ledger. Does not belong here: validation of rows (see
`assets.hub.items`), facts.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.captures.store import CaptureStore
from assets.errors import LedgerError

_ITEM_COLUMNS = {
    "_id": "VARCHAR",
    "id": "VARCHAR",
    "baseModels": 'STRUCT(relation VARCHAR, models STRUCT("_id" VARCHAR, id VARCHAR)[])',
    "createdAt": "TIMESTAMP",
    "disabled": "BOOLEAN",
    "downloads": "BIGINT",
    "downloadsAllTime": "BIGINT",
    "gated": "VARCHAR",
    "lastModified": "TIMESTAMP",
    "library_name": "VARCHAR",
    "likes": "BIGINT",
    "pipeline_tag": "VARCHAR",
    "safetensors": "STRUCT(total BIGINT)",
    "tags": "VARCHAR[]",
    "trendingScore": "DOUBLE",
}

_READ = """
create or replace temp table listed as
select
    _id as hub_id,
    id as repo_id,
    case when contains(id, '/') then split_part(id, '/', 1) end as publisher,
    pipeline_tag as task,
    library_name as library,
    list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1][9:] as license,
    gated,
    disabled,
    safetensors.total as parameters,
    createdAt as created_at,
    lastModified as last_modified,
    tags,
    baseModels as base_models,
    downloads,
    downloadsAllTime as downloads_all_time,
    likes,
    trendingScore as trending_score
from read_json($path, format = 'newline_delimited', compression = 'zstd', columns = $columns,
    maximum_object_size = 134217728)
"""

# A row received twice in one crawl: the last one seen wins.
_DEDUPLICATE = """
create or replace temp table listed as
select * exclude (position)
from (select *, row_number() over () as position from listed)
qualify row_number() over (partition by hub_id order by position desc) = 1
"""

_NEW_MODELS = """
insert into raw.models
select
    (select coalesce(max(model_key), 0) from raw.models) + row_number() over (order by hub_id),
    hub_id
from listed anti join raw.models using (hub_id)
"""

_COUNTERS = """
insert into raw.model_counters
select $date, model_key, downloads, downloads_all_time, likes, trending_score
from listed join raw.models using (hub_id)
order by model_key
"""

_ATTRIBUTE_STATES = """
create or replace temp table states as
select
    model_key, repo_id, publisher, task, library, license, gated, disabled, parameters,
    created_at, last_modified, tags
from listed join raw.models using (hub_id)
"""

# Base models as the Hub resolved them or, where it did not, as the tags name them. A tag carries
# the relation between prefix and id, or none; an id tagged both ways is one edge.
_LINEAGE_STATES = """
create or replace temp table states as
with resolved as (
    select
        hub_id,
        list_transform(
            base_models.models,
            lambda parent: struct_pack(
                relation := base_models.relation,
                hub_id := parent._id,
                repo_id := parent.id,
                from_tags := false
            )
        ) as parents
    from listed
    where len(base_models.models) > 0
),

tagged as (
    select
        listed.hub_id,
        nullif(regexp_extract(tag, '^base_model:(adapter|finetune|merge|quantized):', 1), '')
            as relation,
        regexp_replace(tag, '^base_model:((adapter|finetune|merge|quantized):)?', '') as repo_id
    from (
        select hub_id, unnest(tags) as tag
        from listed
        where base_models is null or coalesce(len(base_models.models), 0) = 0
    ) as listed
    where starts_with(tag, 'base_model:')
),

from_tags as (
    select
        hub_id,
        list(
            struct_pack(
                relation := relation,
                hub_id := null::varchar,
                repo_id := repo_id,
                from_tags := true
            )
            order by repo_id
        ) as parents
    from (
        select hub_id, repo_id, min(relation) as relation
        from tagged
        where repo_id <> ''
        group by hub_id, repo_id
    )
    group by hub_id
)

select model_key, parents
from (select * from resolved union all select * from from_tags)
join raw.models using (hub_id)
union all
-- A model that once declared parents and now declares none has a state too: the empty one.
select model_key, []
from listed
join raw.models using (hub_id)
where
    model_key in (select model_key from raw.model_lineage)
    and hub_id not in (select hub_id from resolved)
    and hub_id not in (select hub_id from from_tags)
"""


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


def ensure_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger's tables where they are missing."""
    connection.execute(Path(__file__).with_name("schema.sql").read_text())


def load_capture(
    connection: duckdb.DuckDBPyConnection, store: CaptureStore, date: dt.date
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
        loaded, unsettled_before = _load(connection, store.items_path(date), date)
        connection.execute(
            """
            insert into raw.captures
            values (
                $date, $source, $origin, $sample, $started_at, $finished_at, $pages, $rows,
                $duplicates, $quarantined, $private, $retries, $items_sha256, $items_bytes,
                $software, $verdict, now()::timestamp
            )
            """,
            {
                "date": date,
                "source": manifest.source,
                "origin": manifest.origin,
                "sample": manifest.sample,
                "started_at": manifest.started_at.replace(tzinfo=None),
                "finished_at": manifest.finished_at.replace(tzinfo=None),
                "pages": manifest.pages,
                "rows": manifest.rows,
                "duplicates": loaded.duplicates,
                "quarantined": manifest.quarantined,
                "private": manifest.private,
                "retries": manifest.retries,
                "items_sha256": manifest.items_sha256,
                "items_bytes": manifest.items_bytes,
                "software": manifest.software,
                "verdict": manifest.verdict,
            },
        )
        mark_facts_due(connection, [date])
        connection.execute(
            "insert or ignore into raw.facts_due "
            "select date from raw.captures where date > $date and date < $before",
            {"date": date, "before": unsettled_before},
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return loaded


def loaded_dates(connection: duckdb.DuckDBPyConnection) -> set[dt.date]:
    """Dates whose capture the ledger holds."""
    ensure_schema(connection)
    return {row[0] for row in connection.execute("select date from raw.captures").fetchall()}


def mark_facts_due(connection: duckdb.DuckDBPyConnection, dates: list[dt.date]) -> None:
    """Ask for the facts of some loaded dates to be computed (again) by the next dbt run."""
    connection.execute(
        "insert or ignore into raw.facts_due select date from raw.captures where date in $dates",
        {"dates": dates},
    )


def facts_due(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """Loaded dates whose facts are not finished, ascending."""
    ensure_schema(connection)
    return [
        row[0]
        for row in connection.execute("select date from raw.facts_due order by date").fetchall()
    ]


def next_batch(connection: duckdb.DuckDBPyConnection, max_models: int) -> list[dt.date]:
    """Choose the earliest dates that are due, as many as `max_models` allows, at least one.

    The closure and the weights of all chosen dates are in memory together.
    """
    ensure_schema(connection)
    connection.execute("delete from raw.facts_batch")
    connection.execute(
        """
        insert into raw.facts_batch
        select date
        from (
            select
                due.date,
                row_number() over by_date as place,
                sum(captures.rows) over by_date as models
            from raw.facts_due as due join raw.captures as captures using (date)
            window by_date as (order by due.date)
        )
        where models <= $max_models or place = 1
        """,
        {"max_models": max_models},
    )
    rows = connection.execute("select date from raw.facts_batch order by date").fetchall()
    return [row[0] for row in rows]


def facts_done(connection: duckdb.DuckDBPyConnection, dates: list[dt.date]) -> None:
    """Note that dbt and its tests passed for these dates."""
    connection.execute("delete from raw.facts_due where date in $dates", {"dates": dates})


def _load(
    connection: duckdb.DuckDBPyConnection, items: Path, date: dt.date
) -> tuple[Loaded, dt.date]:
    """Load the rows; also the date before which later facts are touched by a late capture."""
    connection.execute(_READ, {"path": str(items), "columns": _ITEM_COLUMNS})
    rows, distinct = _one(connection, "select count(*), count(distinct hub_id) from listed")
    if distinct < rows:
        connection.execute(_DEDUPLICATE)
    (known,) = _one(connection, "select count(*) from raw.models")
    connection.execute(_NEW_MODELS)
    (after,) = _one(connection, "select count(*) from raw.models")
    connection.execute(_COUNTERS, {"date": date})
    connection.execute(_ATTRIBUTE_STATES)
    attributes_until = _record_states(connection, "raw.model_attributes", date, no_row="false")
    connection.execute(_LINEAGE_STATES)
    lineage_until = _record_states(
        connection, "raw.model_lineage", date, no_row="len(seen.parents) = 0"
    )
    connection.execute("drop table listed; drop table states; drop table changed")
    loaded = Loaded(date, distinct, after - known, rows - distinct, already=False)
    return loaded, max(attributes_until, lineage_until)


def _record_states(
    connection: duckdb.DuckDBPyConnection, table: str, date: dt.date, no_row: str
) -> dt.date:
    """Fit the states seen on one date (temp table `states`) into a history of half-open intervals.

    The result depends only on which states were seen on which dates, not on the order of loading:
    an interval runs from the first sighting of a state to the first sighting of another one.
    `no_row` tells which state of `seen` a model has before its first interval. Returned is the date
    at which the last of the intervals begun here ends: until then models that are not listed any
    more are known by another state than before.
    """
    columns = [
        row[0] for row in connection.execute(f"describe {table}").fetchall()
        if row[0] not in ("model_key", "valid_from", "valid_to")
    ]  # fmt: skip
    state = ", ".join(columns)
    connection.execute(
        f"""
        create or replace temp table changed as
        with around as (
            select
                seen.model_key,
                held.valid_from as held_from,
                held.valid_to as held_to,
                held.model_key is not null as held,
                (
                    select min(later.valid_from) from {table} as later
                    where later.model_key = seen.model_key and later.valid_from > $date
                ) as next_from
            from states as seen
            left join {table} as held
                on seen.model_key = held.model_key
                and held.valid_from <= $date
                and (held.valid_to is null or held.valid_to > $date)
            where
                (held.model_key is null and not ({no_row}))
                or held.model_key is not null and row({", ".join(f"seen.{c}" for c in columns)})
                is distinct from row({", ".join(f"held.{c}" for c in columns)})
        ),

        -- A late capture may fall inside an interval: the held state goes on at its next sighting.
        resumed as (
            select around.model_key, min(counters.date) as resumed_on
            from around
            join raw.model_counters as counters
                on around.model_key = counters.model_key
                and counters.date > $date
                and counters.date < coalesce(around.next_from, date '9999-12-31')
            group by around.model_key
        )

        select around.*, resumed.resumed_on
        from around left join resumed using (model_key)
        """,
        {"date": date},
    )
    empty = ", ".join("[]" if c == "parents" else "null" for c in columns)
    statements = [
        f"""
        update {table} as held set valid_to = $date
        from changed
        where changed.held
            and held.model_key = changed.model_key and held.valid_from = changed.held_from
        """,
        # The same state begins later: it begins on this date.
        f"""
        update {table} as following set valid_from = $date
        from changed join states as seen on changed.model_key = seen.model_key
        where changed.resumed_on is null
            and following.model_key = changed.model_key
            and following.valid_from = changed.next_from
            and row({", ".join(f"following.{c}" for c in columns)})
            is not distinct from row({", ".join(f"seen.{c}" for c in columns)})
        """,
        # One statement: DuckDB 2.0 loses the statistics of a table into which one transaction
        # inserts nothing first and a row group after, and joins then miss its rows.
        f"""
        insert into {table} (model_key, valid_from, valid_to, {state})
        select seen.model_key, $date, coalesce(changed.resumed_on, changed.next_from),
            {", ".join(f"seen.{c}" for c in columns)}
        from changed join states as seen on changed.model_key = seen.model_key
        where not exists (
            select 1 from {table} as placed
            where placed.model_key = seen.model_key and placed.valid_from = $date
        )
        union all
        -- The held state goes on after this date,
        select changed.model_key, changed.resumed_on, changed.next_from,
            {", ".join(f"held.{c}" for c in columns)}
        from changed join {table} as held
            on changed.model_key = held.model_key and changed.held_from = held.valid_from
        where changed.held and changed.resumed_on is not null
        union all
        -- or, where nothing was held before, the state of a model that declared nothing.
        select model_key, resumed_on, next_from, {empty}
        from changed where not held and resumed_on is not null
        order by all
        """,
    ]
    for statement in statements:
        connection.execute(statement, {"date": date})
    row = connection.execute(
        """
        select coalesce(max(coalesce(resumed_on, next_from, date '9999-12-31')), $date) from changed
        """,
        {"date": date},
    ).fetchone()
    assert row is not None
    return row[0]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row
