-- Captures that decide on flows of the days and months that this run computes.
with captures as (
    select captures.* from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

asked as (
    select
        days.day as first_day,
        days.day + 1 as end_day
    from {{ ref('int_flow_days') }} as days
    where days.has_counter
    union all
    select
        months.month as first_day,
        months.next_month as end_day
    from {{ ref('int_flow_months') }} as months
    where months.has_counter
),

ends as (
    select
        (
            select max(captures.number) from captures
            where captures.date <= whole.first_day)
            as first_number,
        (
            select min(captures.number) from captures
            where captures.date >= whole.end_day)
            as last_number
    from
        (
            select
                min(asked.first_day) as first_day,
                max(asked.end_day) as end_day
            from asked
        ) as whole
),

-- An interval may be a hold, and begin nine captures before; a hold may begin within another one's, so that
-- it takes twice as many to tell.
bounds as (
    select
        (
            select min(captures.date) from captures
            where captures.number >= ends.first_number - 20)
            as first_date,
        (
            select min(captures.date) from captures
            where captures.number >= ends.first_number - 9)
            as first_interval_date,
        (
            select max(captures.date) from captures
            where captures.number <= ends.first_number - 2)
            as date_before,
        (
            select max(captures.date) from captures
            where captures.number <= ends.last_number + 10)
            as last_date
    from ends
),

-- A spike is judged by the 28 days before it.
spike_ends as (
    select coalesce(max(captures.number), 0) as number
    from captures
    where captures.date <= (select bounds.first_interval_date - 28 from bounds)
)

select
    bounds.first_date,
    bounds.first_interval_date,
    bounds.date_before,
    bounds.last_date,
    (
        select min(captures.date) from captures
        where captures.number >= spike_ends.number - 20)
        as first_spike_date
from bounds
cross join spike_ends
