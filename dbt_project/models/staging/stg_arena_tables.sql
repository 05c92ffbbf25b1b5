select
    tables.arena,
    tables.published_on,
    tables.revision,
    tables.measure,
    tables.origin,
    tables.sample,
    tables.recorded_at
from {{ source('raw', 'arena_tables') }} as tables
qualify tables.revision = max(tables.revision) over (partition by tables.arena, tables.published_on)
