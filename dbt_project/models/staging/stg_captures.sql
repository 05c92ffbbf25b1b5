select
    captures.*,
    due.date is null or batch.date is not null as has_facts
from {{ source('raw', 'captures') }} as captures
left join {{ source('raw', 'facts_due') }} as due on captures.date = due.date
left join {{ source('raw', 'facts_batch') }} as batch on captures.date = batch.date
