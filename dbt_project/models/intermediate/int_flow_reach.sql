-- A capture reaches nine others on either side: a hold of eight and its recovery, or the neighbours that
-- a verdict looks at. Days within that reach of a date that is renewed are computed again, and the date
-- itself, which may be no end of flows any more.
with renewed as (
    select
        min(renewed.date) as first_date,
        max(renewed.date) as last_date
    from {{ ref('stg_dates_renewed') }} as renewed
),

numbered as (
    select
        renewed.first_date,
        renewed.last_date,
        count(*) filter (where captures.date <= renewed.first_date) as first_number,
        count(*) filter (where captures.date <= renewed.last_date) as last_number
    from renewed
    left join {{ ref('int_flow_captures') }} as captures on renewed.first_date is not null
    group by renewed.first_date, renewed.last_date
)

select
    least(min(captures.date), numbered.first_date) as first_day,
    greatest(max(captures.date), numbered.last_date) as last_day
from numbered
left join
    {{ ref('int_flow_captures') }} as captures
    on captures.number between numbered.first_number - 9 and numbered.last_number + 9
where numbered.first_date is not null
group by numbered.first_date, numbered.last_date
