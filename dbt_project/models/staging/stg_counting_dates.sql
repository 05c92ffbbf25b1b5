select
    captures.date,
    min(case when captures.verdict = 'admitted' then captures.date end) over (
        order by captures.date
        rows between current row and unbounded following
    ) as counts_from
from {{ ref('stg_captures') }} as captures
