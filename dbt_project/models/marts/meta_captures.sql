with flags as (
    select
        events.date,
        string_agg(events.kind, ', ' order by events.kind) as kinds
    from {{ ref('stg_quality_events') }} as events
    group by events.date
)

select
    captures.date,
    captures.source,
    captures.origin,
    captures.sample,
    captures.started_at,
    captures.finished_at,
    captures.pages,
    captures.rows - captures.duplicates as models,
    captures.duplicates,
    captures.quarantined,
    captures.retries,
    captures.items_sha256,
    captures.software,
    captures.verdict,
    flags.kinds as flags
from {{ ref('stg_captures') }} as captures
left join flags on captures.date = flags.date
