{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key=['grain', 'period'],
        on_schema_change='fail', pre_hook=[
            "{{ forget_renewed_periods() }}", "{{ adopt_ranked_ids() }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

-- A rank's past is part of its row, so that a period renewed renews all later ones of its grain.
with ranks as (
    select ranks.* from {{ ref('int_ranks') }} as ranks
),

renewed_from as (
    select
        'day' as grain,
        min(renewed.date) as first_period
    from {{ ref('stg_dates_renewed') }} as renewed
    union all
    select
        'month' as grain,
        min(months.month) as first_period
    from {{ ref('int_flow_months') }} as months
),

periods as (
    select
        ranks.grain,
        ranks.period,
        row_number() over (partition by ranks.grain order by ranks.period) as number
    from ranks
    group by ranks.grain, ranks.period
),

before_renewal as (
    select
        ranks.grain,
        ranks.unit_type,
        ranks.unit,
        ranks.scope,
        ranks.attribution,
        ranks.metric,
        min(ranks.rank_min) as best_rank,
        count(*) filter (where ranks.rank_min = 1) as periods_at_first
    from ranks
    inner join renewed_from on ranks.grain = renewed_from.grain
    where ranks.period < renewed_from.first_period
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

recent as (
    select
        ranks.*,
        periods.number,
        ranks.period >= first_numbers.first_period as is_renewed
    from ranks
    inner join periods on ranks.grain = periods.grain and ranks.period = periods.period
    inner join
        first_numbers
        on ranks.grain = first_numbers.grain and periods.number >= first_numbers.periods_before
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
