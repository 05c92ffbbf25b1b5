{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='period',
        on_schema_change='fail', pre_hook=[
            "{{ forget_renewed('period') }}",
            "{{ adopt_ids('unit', 'held.period', among=\"held.unit_type = 'model'\") }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

-- A rank's past is part of its row, so that a late capture renews its own date and all later ones.
with ranks as (
    select ranks.* from {{ ref('int_daily_ranks') }} as ranks
),

renewed_from as (
    select min(renewed.date) as first_date from {{ ref('stg_dates_renewed') }} as renewed
),

periods as (
    select
        ranks.date,
        row_number() over (order by ranks.date) as period_number
    from ranks
    group by ranks.date
),

before_renewal as (
    select
        ranks.unit_type,
        ranks.unit,
        ranks.scope,
        ranks.attribution,
        ranks.metric,
        min(ranks.rank_min) as best_rank,
        count(*) filter (where ranks.rank_min = 1) as periods_at_first
    from ranks
    where ranks.date < (select renewed_from.first_date from renewed_from)
    group by all
),

-- The period before the first renewed one is needed for its changes.
recent as (
    select
        ranks.*,
        periods.period_number
    from ranks
    inner join periods on ranks.date = periods.date
    where
        ranks.date >= coalesce(
            (
                select max(earlier.date)
                from periods as earlier
                where earlier.date < (select renewed_from.first_date from renewed_from)
            ),
            (select renewed_from.first_date from renewed_from)
        )
),

compared as (
    select
        recent.*,
        lag(recent.rank_min) over by_unit as previous_rank,
        lag(recent.period_number) over by_unit as previous_period
    from recent
    window
        by_unit as (
            partition by
                recent.unit_type, recent.unit, recent.scope, recent.attribution, recent.metric
            order by recent.date
        )
),

renewed as (
    select
        compared.*,
        min(compared.rank_min) over so_far as best_rank,
        count(*) filter (where compared.rank_min = 1) over so_far as at_first
    from compared
    where compared.date >= (select renewed_from.first_date from renewed_from)
    window
        so_far as (
            partition by
                compared.unit_type,
                compared.unit,
                compared.scope,
                compared.attribution,
                compared.metric
            order by compared.date
        )
)

select
    renewed.date as period,
    'day' as grain,
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
        when renewed.previous_period = renewed.period_number - 1
            then renewed.previous_rank - renewed.rank_min
    end as rank_change,
    least(renewed.best_rank, before_renewal.best_rank) as best_rank_so_far,
    renewed.at_first + coalesce(before_renewal.periods_at_first, 0) as periods_at_first
from renewed
left join
    before_renewal
    on
        renewed.unit_type = before_renewal.unit_type
        and renewed.unit = before_renewal.unit
        and renewed.scope = before_renewal.scope
        and renewed.attribution = before_renewal.attribution
        and renewed.metric = before_renewal.metric
