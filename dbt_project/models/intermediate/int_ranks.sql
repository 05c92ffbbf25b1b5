{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key=['grain', 'period'],
        on_schema_change='fail', pre_hook="{{ forget_renewed_periods() }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('int_flow_months') }}

with unit_values as (
    select
        'day' as grain,
        days.date as period,
        days.unit_type,
        days.unit,
        days.unit_name,
        days.scope,
        days.attribution,
        days.metric,
        days.value,
        days.value as value_low,
        days.value as value_high,
        days.tie_break,
        days.is_first_party
    from {{ ref('int_rank_days') }} as days
    union all
    select
        'month' as grain,
        months.month as period,
        months.unit_type,
        months.unit,
        months.unit_name,
        months.scope,
        months.attribution,
        months.metric,
        months.value,
        months.value_low,
        months.value_high,
        null as tie_break,
        false as is_first_party
    from {{ ref('int_rank_months') }} as months
),

ranked as (
    select
        unit_values.*,
        rank() over by_value as rank_min,
        dense_rank() over by_value as rank_dense,
        row_number() over (
            partition by
                unit_values.grain,
                unit_values.period,
                unit_values.unit_type,
                unit_values.scope,
                unit_values.attribution,
                unit_values.metric
            order by
                unit_values.value desc,
                unit_values.tie_break desc nulls last,
                unit_values.unit_name asc,
                unit_values.unit asc
        ) as rank_ordinal
    from unit_values
    window
        by_value as (
            partition by
                unit_values.grain,
                unit_values.period,
                unit_values.unit_type,
                unit_values.scope,
                unit_values.attribution,
                unit_values.metric
            order by unit_values.value desc
        )
),

kept as (
    select ranked.*
    from ranked
    where
        case
            when ranked.unit_type in ('family', 'company') then true
            when ranked.grain = 'month' then ranked.value >= 100
            else ranked.rank_ordinal <= 1000 or ranked.is_first_party
        end
),

-- How many units may be as large as a value, and how many are larger for certain.
possible as (
    select distinct
        ranked.grain,
        ranked.period,
        ranked.unit_type,
        ranked.scope,
        ranked.attribution,
        ranked.metric,
        ranked.value_high as value,
        count(*) over (
            partition by
                ranked.grain, ranked.period, ranked.unit_type, ranked.scope, ranked.attribution, ranked.metric
            order by ranked.value_high desc
        ) as units
    from ranked
),

certain as (
    select distinct
        ranked.grain,
        ranked.period,
        ranked.unit_type,
        ranked.scope,
        ranked.attribution,
        ranked.metric,
        ranked.value_low as value,
        count(*) over (
            partition by
                ranked.grain, ranked.period, ranked.unit_type, ranked.scope, ranked.attribution, ranked.metric
            order by ranked.value_low desc
        ) as units
    from ranked
)

select
    kept.grain,
    kept.period,
    kept.unit_type,
    kept.unit,
    kept.unit_name,
    kept.scope,
    kept.attribution,
    kept.metric,
    kept.value,
    kept.rank_min,
    kept.rank_dense,
    kept.rank_ordinal,
    1 + coalesce(certain.units, 0) as rank_best,
    possible.units as rank_worst
from kept
asof left join
    certain
    on
        kept.grain = certain.grain
        and kept.period = certain.period
        and kept.unit_type = certain.unit_type
        and kept.scope = certain.scope
        and kept.attribution = certain.attribution
        and kept.metric = certain.metric
        and kept.value_high < certain.value
asof left join
    possible
    on
        kept.grain = possible.grain
        and kept.period = possible.period
        and kept.unit_type = possible.unit_type
        and kept.scope = possible.scope
        and kept.attribution = possible.attribution
        and kept.metric = possible.metric
        and kept.value_low <= possible.value
