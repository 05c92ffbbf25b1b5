{{
    config(
        materialized='incremental',
        renews="{{ renewed_periods() }}", pre_hook="{{ adopt_ranked_ids() }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('int_flow_months') }}, {{ ref('stg_ids_replaced') }}

-- What is not looked at is not read.
with unit_values as not materialized (
    select
        'day' as grain,
        days.date as period,
        days.unit_type,
        days.model_key,
        days.as_of,
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
        months.model_key,
        months.as_of,
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

-- Values come in few sizes, units in millions: what a place needs is how many units have which value. A day's
-- values have no bounds but themselves.
sizes as (
    select
        unit_values.grain,
        unit_values.period,
        unit_values.unit_type,
        unit_values.scope,
        unit_values.attribution,
        unit_values.metric,
        unit_values.value as size,
        count(*) as units
    from unit_values
    group by all
),

bounded_sizes as (
    select
        'value' as bound,
        sizes.*
    from sizes
    union all
    select
        bounds.bound,
        sizes.*
    from sizes
    cross join (values ('low'), ('high')) as bounds (bound)
    where sizes.grain = 'day'
    union all
    select
        bounds.bound,
        unit_values.grain,
        unit_values.period,
        unit_values.unit_type,
        unit_values.scope,
        unit_values.attribution,
        unit_values.metric,
        case bounds.bound when 'low' then unit_values.value_low else unit_values.value_high end as size,
        count(*) as units
    from unit_values
    cross join (values ('low'), ('high')) as bounds (bound)
    where unit_values.grain = 'month'
    group by all
),

places as (
    select
        sizes.*,
        cast(sum(sizes.units) over by_size as bigint) as units_from,
        row_number() over by_size as place
    from bounded_sizes as sizes
    window
        by_size as (
            partition by
                sizes.grain,
                sizes.period,
                sizes.unit_type,
                sizes.scope,
                sizes.attribution,
                sizes.metric,
                sizes.bound
            order by sizes.size desc
            rows between unbounded preceding and current row
        )
),

placed as (
    select
        unit_values.*,
        1 + places.units_from - places.units as rank_min,
        places.place as rank_dense
    from unit_values
    inner join
        places
        on
            unit_values.grain = places.grain
            and unit_values.period = places.period
            and unit_values.unit_type = places.unit_type
            and unit_values.scope = places.scope
            and unit_values.attribution = places.attribution
            and unit_values.metric = places.metric
            and unit_values.value = places.size
    where
        places.bound = 'value'
        and (
            unit_values.grain = 'day'
            or unit_values.unit_type in ('family', 'company', 'region')
            or unit_values.value >= 100
        )
),

wanted as (
    select placed.*
    from placed
    where
        placed.grain = 'month'
        or placed.unit_type in ('family', 'company', 'region')
        or placed.rank_min <= 1000
        or placed.is_first_party
),

-- Equals are put in order where one of them is wanted.
equals as (
    select placed.*
    from placed
    semi join wanted using (grain, period, unit_type, scope, attribution, metric, value)
),

{{ named_units('equals') }},

ordered as (
    select
        with_names.*,
        with_names.rank_min - 1 + row_number() over (
            partition by
                with_names.grain,
                with_names.period,
                with_names.unit_type,
                with_names.scope,
                with_names.attribution,
                with_names.metric,
                with_names.value
            order by
                with_names.tie_break desc nulls last,
                with_names.unit_name asc,
                with_names.unit asc
        ) as rank_ordinal
    from with_names
),

kept as (
    select ordered.*
    from ordered
    where
        ordered.grain = 'month'
        or ordered.unit_type in ('family', 'company', 'region')
        or ordered.rank_ordinal <= 1000
        or ordered.is_first_party
),

certain as (
    select places.* from places
    where places.bound = 'low'
),

possible as (
    select places.* from places
    where places.bound = 'high'
)

-- Best: all that are larger for certain stand before it. Worst: all that may be as large do.
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
    1 + coalesce(certain.units_from, 0) as rank_best,
    possible.units_from as rank_worst
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
        and kept.value_high < certain.size
asof left join
    possible
    on
        kept.grain = possible.grain
        and kept.period = possible.period
        and kept.unit_type = possible.unit_type
        and kept.scope = possible.scope
        and kept.attribution = possible.attribution
        and kept.metric = possible.metric
        and kept.value_low <= possible.size
