select due.date
from {{ ref('stg_dates_renewed') }} as due
inner join {{ ref('stg_captures') }} as captures on due.date = captures.date
where captures.verdict = 'admitted'
