{{ config(materialized='incremental', renews="{{ renewed_months() }}") }}

-- depends_on: {{ ref('int_flow_months') }}

with sizes as (
    select
        months.month,
        months.unit_type,
        months.scope,
        months.attribution,
        months.metric,
        months.value,
        count(*) as units
    from {{ ref('int_rank_months') }} as months
    group by all
),

-- Units of one value share their places; before: units that are larger.
placed as (
    select
        sizes.*,
        cast(totals.value as double) as total,
        sizes.value / cast(totals.value as double) as share,
        cast(sum(sizes.units) over by_value as bigint) - sizes.units as before,
        cast(sum(sizes.units) over by_group as bigint) as all_units
    from sizes
    inner join {{ ref('int_month_totals') }} as totals using (month, scope, metric)
    window
        by_group as (
            partition by sizes.month, sizes.unit_type, sizes.scope, sizes.attribution, sizes.metric
        ),
        by_value as (by_group order by sizes.value desc)
),

summed as (
    select
        placed.month,
        placed.unit_type,
        placed.scope,
        placed.attribution,
        placed.metric,
        any_value(placed.all_units) as units,
        any_value(placed.total) as downloads,
        cast(sum(cast(placed.value as decimal(24, 6)) * placed.units) as double) as listed,
        cast(sum(cast(placed.share * placed.share * placed.units as decimal(38, 24))) as double)
            as squares,
        {% for k in (1, 3, 5, 10, 50, 200) -%}
            cast(
                sum(
                    cast(placed.value as decimal(24, 6))
                    * greatest(0, least(placed.units, {{ k }} - placed.before))
                ) as double
            ) as top_{{ k }},
        {% endfor -%}
        -- Places from the smallest on: of the n units of a size, the first has all_units - before - n + 1.
        cast(
            sum(
                cast(placed.share as decimal(38, 18))
                * cast(
                    placed.units * (placed.all_units - placed.before - placed.units)
                    + placed.units * (placed.units + 1) // 2 as bigint
                )
            ) as double
        ) as placed_shares
    from placed
    group by placed.month, placed.unit_type, placed.scope, placed.attribution, placed.metric
),

bounded as (
    select
        summed.*,
        greatest(0, 1 - summed.listed / summed.downloads) as remainder
    from summed
)

select
    bounded.month,
    bounded.unit_type,
    bounded.scope,
    bounded.attribution,
    case bounded.metric when 'downloads' then 'counter' else 'window' end as basis,
    bounded.units,
    bounded.downloads,
    bounded.remainder,
    10000 * bounded.squares as hhi_low,
    10000 * (bounded.squares + bounded.remainder * bounded.remainder) as hhi_high,
    10000 * bounded.squares / ((1 - bounded.remainder) * (1 - bounded.remainder)) as hhi_listed,
    1 / (bounded.squares + bounded.remainder * bounded.remainder) as effective_number_low,
    1 / bounded.squares as effective_number_high,
    {% for k in (1, 3, 5, 10, 50, 200) -%}
        bounded.top_{{ k }} / bounded.downloads as top_{{ k }}_share,
    {% endfor -%}
    2 * bounded.placed_shares / (bounded.units * (bounded.listed / bounded.downloads))
    - (bounded.units + 1) / bounded.units as gini
from bounded
