{{ config(materialized='incremental', renews="{{ renewed_dates('date') }}") }}

-- depends_on: {{ ref('stg_dates_renewed') }}

-- Models and unknown accounts stay where they are ranked: this is read whole every night.
select
    days.date,
    days.unit_type,
    days.unit,
    days.scope,
    days.attribution,
    days.metric,
    days.value
from {{ ref('int_rank_days') }} as days
where
    days.metric in ('downloads_all_time', 'derivatives')
    and (
        days.unit_type in ('family', 'company', 'region')
        or (
            days.unit_type = 'publisher'
            and lower(days.unit) in (select publishers.publisher from {{ ref('publishers') }} as publishers)
        )
    )
