select
    events.date,
    events.kind,
    events.measured,
    events.threshold,
    events.detail
from {{ source('raw', 'quality_events') }} as events
