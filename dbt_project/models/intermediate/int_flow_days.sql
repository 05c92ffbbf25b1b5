with days as (
    select cast(unnest(generate_series(reach.first_day, reach.last_day, interval 1 day)) as date) as day
    from {{ ref('int_flow_reach') }} as reach
),

captures as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date
    from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

counted as (
    select
        min(captures.date) as first_date,
        max(captures.date) as last_date
    from captures
)

select
    days.day,
    coalesce(days.day >= counted.first_date and days.day < counted.last_date, false) as has_counter,
    cast(coalesce(captures.next_date = days.day + 1, false) as double) as confidence
from days
cross join counted
left join captures on days.day = captures.date
