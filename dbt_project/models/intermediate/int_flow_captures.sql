-- Captures between which flow is measured, in the order of dates.
select
    captures.date,
    captures.has_all_time,
    cast(row_number() over (order by captures.date) as integer) as number
from {{ ref('stg_captures') }} as captures
where captures.has_flow and captures.has_facts
