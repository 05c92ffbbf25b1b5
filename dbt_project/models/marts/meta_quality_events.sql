select
    events.date,
    events.kind,
    events.measured,
    events.threshold,
    captures.verdict = 'admitted' as counts,
    events.detail
from {{ ref('stg_quality_events') }} as events
inner join {{ ref('stg_captures') }} as captures on events.date = captures.date
