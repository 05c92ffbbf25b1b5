with months as (
    select
        months.*,
        row_number() over by_unit as place,
        date_diff('month', date '2000-01-01', months.month) as number,
        arg_max(months.month, months.value) over so_far as peak_month,
        max(months.value) over so_far as peak
    from {{ ref('int_unit_months') }} as months
    where months.metric in ('downloads', 'downloads_window', 'downloads_all_time')
    window
        by_unit as (
            partition by months.unit_type, months.unit, months.scope, months.attribution, months.metric
            order by months.month
        ),
        so_far as (by_unit rows between unbounded preceding and current row)
),

-- A window has no month without a value: places and numbers run in step within it.
runs as (
    select
        months.*,
        first_value(months.month) over by_run as run_from,
        count(*) over by_run as months_in_run,
        {% for n in (1, 3, 6, 12) -%}
            lag(months.value, {{ n }}) over by_run as value_{{ n }},
            regr_slope(ln(months.value), months.number) over (
                by_run rows between {{ n }} preceding and current row
            ) as slope_{{ n }},
        {% endfor -%}
        first_value(months.value) over by_run as value_0,
        regr_slope(ln(months.value), months.number) over (
            by_run rows between unbounded preceding and current row
        ) as slope_0
    from months
    window
        by_run as (
            partition by
                months.unit_type,
                months.unit,
                months.scope,
                months.attribution,
                months.metric,
                months.number - months.place
            order by months.month
        )
),

windows as (
    {% for n in (1, 3, 6, 12) -%}
        select
            runs.*,
            'trailing_{{ n }}' as growth_window,
            {{ n }} as window_months,
            runs.value_{{ n }} as value_before,
            runs.slope_{{ n }} as slope
        from runs
        where runs.months_in_run > {{ n }}
        union all
    {% endfor -%}
    select
        runs.*,
        'all' as growth_window,
        cast(runs.months_in_run - 1 as integer) as window_months,
        runs.value_0 as value_before,
        runs.slope_0 as slope
    from runs
    where runs.months_in_run > 1
)

select
    windows.month,
    windows.unit_type,
    windows.unit,
    windows.scope,
    windows.attribution,
    windows.metric,
    windows.growth_window,
    cast(windows.month - to_months(windows.window_months) as date) as window_from,
    windows.window_months,
    windows.value,
    windows.value_before,
    windows.value / windows.value_before - 1 as growth,
    power(windows.value / windows.value_before, 1.0 / windows.window_months) - 1 as monthly_rate,
    exp(windows.slope) - 1 as monthly_rate_fitted,
    case when windows.slope > 0 then ln(2) / windows.slope end as doubling_months,
    windows.peak_month,
    windows.value / windows.peak as share_of_peak
from windows
