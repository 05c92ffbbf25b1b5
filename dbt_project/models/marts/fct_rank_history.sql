{{
    config(
        materialized='incremental',
        renews="{{ from_renewed_periods() }}", pre_hook="{{ adopt_ranked_ids() }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}, {{ ref('stg_dates_renewed') }}, {{ ref('int_flow_months') }}

with renewed_from as (
    select renewed_from.* from {{ ref('int_ranks_renewed_from') }} as renewed_from
),

-- Somebody is first in every period.
periods as (
    select
        records.grain,
        records.period,
        row_number() over (partition by records.grain order by records.period) as number
    from {{ ref('int_rank_records') }} as records
    where records.rank_min = 1
    group by records.grain, records.period
),

before_renewal as (
    select
        records.grain,
        records.unit_type,
        records.unit,
        records.scope,
        records.attribution,
        records.metric,
        min(records.rank_min) as best_rank,
        count(*) filter (where records.rank_min = 1) as periods_at_first
    from {{ ref('int_rank_records') }} as records
    inner join renewed_from on records.grain = renewed_from.grain
    where records.period < renewed_from.first_period
    group by all
),

-- The period before the first renewed one is needed for its changes.
first_numbers as (
    select
        renewed_from.grain,
        renewed_from.first_period,
        count(periods.period) as periods_before
    from renewed_from
    left join
        periods
        on renewed_from.grain = periods.grain and renewed_from.first_period > periods.period
    group by renewed_from.grain, renewed_from.first_period
),

wanted as (
    select
        periods.*,
        periods.period >= first_numbers.first_period as is_renewed
    from periods
    inner join first_numbers on periods.grain = first_numbers.grain
    where periods.number >= first_numbers.periods_before
),

recent as (
    select
        ranks.*,
        wanted.number,
        wanted.is_renewed
    from {{ ref('int_ranks') }} as ranks
    inner join wanted on ranks.grain = wanted.grain and ranks.period = wanted.period
),

compared as (
    select
        recent.*,
        lag(recent.rank_min) over by_unit as previous_rank,
        lag(recent.number) over by_unit as previous_number
    from recent
    window
        by_unit as (
            partition by
                recent.grain,
                recent.unit_type,
                recent.unit,
                recent.scope,
                recent.attribution,
                recent.metric
            order by recent.period
        )
),

renewed as (
    select
        compared.*,
        min(compared.rank_min) over so_far as best_rank,
        count(*) filter (where compared.rank_min = 1) over so_far as at_first
    from compared
    where compared.is_renewed
    window
        so_far as (
            partition by
                compared.grain,
                compared.unit_type,
                compared.unit,
                compared.scope,
                compared.attribution,
                compared.metric
            order by compared.period
        )
)

select
    renewed.period,
    renewed.grain,
    renewed.unit_type,
    renewed.unit,
    renewed.unit_name,
    renewed.scope,
    renewed.attribution,
    renewed.metric,
    renewed.value,
    renewed.rank_min,
    renewed.rank_dense,
    renewed.rank_ordinal,
    renewed.rank_best,
    renewed.rank_worst,
    case
        when renewed.previous_number = renewed.number - 1 then renewed.previous_rank - renewed.rank_min
    end as rank_change,
    least(renewed.best_rank, before_renewal.best_rank) as best_rank_so_far,
    renewed.at_first + coalesce(before_renewal.periods_at_first, 0) as periods_at_first
from renewed
left join
    before_renewal
    on
        renewed.grain = before_renewal.grain
        and renewed.unit_type = before_renewal.unit_type
        and renewed.unit = before_renewal.unit
        and renewed.scope = before_renewal.scope
        and renewed.attribution = before_renewal.attribution
        and renewed.metric = before_renewal.metric
