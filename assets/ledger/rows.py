"""The rows of one capture as the temporary table `listed`, one row a model, columns as kept.

Belongs here: reading a sealed file. Does not belong here: recording it (see
`assets.ledger.histories`), its reduced form on disk (see `assets.ledger.reduction`).
"""

from pathlib import Path

import duckdb

COUNTERS = ("downloads", "downloads_all_time")
ATTENTION = ("likes", "trending_score")
NAMES = ("repo_id", "publisher", "task", "created_at")
CARDS = ("library", "license", "gated", "disabled", "parameters", "tags")
UPDATES = ("last_modified",)
LINEAGE = ("parents",)
COLUMNS = ("hub_id", *NAMES, *CARDS, *UPDATES, *LINEAGE, *COUNTERS, *ATTENTION)
"""What is kept of a listed model; the columns of `listed`, in this order."""

ITEM_COLUMNS = {
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
"""A landed row: its keys as the Hub names them, with the types that they are read as."""

# Base models as the Hub resolved them or, where it did not, as the tags name them. A tag carries
# the relation between prefix and id, or none; an id tagged both ways is one edge.
_READ = """
create or replace temp table listed as
with received as (
    select
        *,
        list_filter(
            case when coalesce(len(baseModels.models), 0) = 0 then tags end,
            lambda tag: starts_with(tag, 'base_model:')
        ) as lineage_tags
    from read_json($path, format = 'newline_delimited', compression = 'zstd', columns = $columns,
        maximum_object_size = 134217728)
)

select
    _id as hub_id,
    id as repo_id,
    case when contains(id, '/') then split_part(id, '/', 1) end as publisher,
    pipeline_tag as task,
    createdAt as created_at,
    library_name as library,
    list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1][9:] as license,
    gated,
    disabled,
    safetensors.total as parameters,
    tags,
    lastModified as last_modified,
    case
        when len(baseModels.models) > 0 then list_transform(
            baseModels.models,
            lambda parent: struct_pack(
                relation := baseModels.relation,
                hub_id := parent._id,
                repo_id := parent.id,
                from_tags := false
            )
        )
        when len(lineage_tags) > 0 then list_transform(
            list_sort(
                list_distinct(
                    list_filter(
                        list_transform(
                            lineage_tags,
                            lambda tag: regexp_replace(
                                tag, '^base_model:((adapter|finetune|merge|quantized):)?', ''
                            )
                        ),
                        lambda named: named <> ''
                    )
                )
            ),
            lambda named: struct_pack(
                relation := list_min(
                    list_filter(
                        ['adapter', 'finetune', 'merge', 'quantized'],
                        lambda relation: list_contains(
                            lineage_tags, 'base_model:' || relation || ':' || named
                        )
                    )
                ),
                hub_id := null::varchar,
                repo_id := named,
                from_tags := true
            )
        )
        else []
    end as parents,
    downloads,
    downloadsAllTime as downloads_all_time,
    likes,
    trendingScore as trending_score
from received
"""

# A row received twice in one crawl: the last one seen wins.
_DEDUPLICATE = """
create or replace temp table listed as
select * exclude (position)
from (select *, row_number() over () as position from listed)
qualify row_number() over (partition by hub_id order by position desc) = 1
"""


def read_items(connection: duckdb.DuckDBPyConnection, items: Path) -> int:
    """Read a sealed capture's rows into `listed`; how many rows came twice and were left out."""
    connection.execute(_READ, {"path": str(items), "columns": ITEM_COLUMNS})
    rows, distinct = connection.execute(
        "select count(*), count(distinct hub_id) from listed"
    ).fetchall()[0]
    if distinct < rows:
        connection.execute(_DEDUPLICATE)
    return int(rows - distinct)
