with faulty as (
    select distinct events.date
    from {{ ref('stg_quality_events') }} as events
    where events.kind in ('rolled_back', 'stalled', 'duplicated')
)

select
    captures.*,
    due.date is null or batch.date is not null as has_facts,
    captures.verdict = 'admitted' and faulty.date is null as has_flow,
    captures.counted > 0 as has_all_time
from {{ source('raw', 'captures') }} as captures
left join {{ source('raw', 'facts_due') }} as due on captures.date = due.date
left join {{ source('raw', 'facts_batch') }} as batch on captures.date = batch.date
left join faulty on captures.date = faulty.date
