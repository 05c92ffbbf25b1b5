-- From the month before on, where a window may end in the first days of the next.
with months as (
    select
        cast(
            unnest(
                generate_series(
                    date_trunc('month', reach.first_day - 4),
                    date_trunc('month', reach.last_day),
                    interval 1 month
                )
            ) as date
        ) as month
    from {{ ref('int_flow_reach') }} as reach
),

spanned as (
    select
        months.month,
        cast(months.month + interval 1 month as date) as next_month
    from months
),

counted as (
    select
        min(captures.date) as first_date,
        max(captures.date) as last_date
    from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

observed as (
    select
        captures.date,
        lead(captures.date) over (order by captures.number) as next_date
    from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

windows as (
    select
        spanned.month,
        arg_min(captures.date, (abs(captures.date - spanned.next_month), captures.date < spanned.next_month))
            as window_date
    from spanned
    inner join {{ ref('int_flow_captures') }} as captures on abs(captures.date - spanned.next_month) <= 3
    group by spanned.month
)

select
    spanned.month,
    spanned.next_month,
    spanned.next_month - spanned.month as days,
    coalesce(counted.first_date <= spanned.month and counted.last_date >= spanned.next_month, false)
        as has_counter,
    windows.window_date,
    (
        select count(*) from observed
        where
            observed.date >= spanned.month
            and observed.date < spanned.next_month
            and observed.next_date = observed.date + 1
    ) / (spanned.next_month - spanned.month) as confidence
from spanned
cross join counted
left join windows on spanned.month = windows.month
