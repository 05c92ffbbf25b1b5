select due.date
from {{ source('raw', 'facts_batch') }} as due
inner join {{ ref('stg_captures') }} as captures on due.date = captures.date
where captures.verdict = 'admitted'
