-- From the month of the Hub's first creation date to the end of the year of the newest capture.
with bounds as (
    select make_date(cast(year(max(captures.date)) as integer), 12, 31) as last_day
    from {{ ref('stg_captures') }} as captures
),

days as (
    select cast(unnest(generate_series(date '2022-03-01', bounds.last_day, interval 1 day)) as date) as day
    from bounds
)

select
    days.day as date,
    cast(date_trunc('week', days.day) as date) as week_start,
    cast(date_trunc('month', days.day) as date) as month_start,
    cast(date_trunc('quarter', days.day) as date) as quarter_start,
    cast(year(days.day) as integer) as calendar_year,
    cast(isodow(days.day) as integer) as day_of_week,
    cast(day(last_day(days.day)) as integer) as days_in_month
from days
