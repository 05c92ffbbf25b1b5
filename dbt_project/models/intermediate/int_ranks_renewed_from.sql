{{ config(materialized='view') }}

-- A rank's past is part of its row, so that a period renewed renews all later ones of its grain.
select
    'day' as grain,
    min(renewed.date) as first_period
from {{ ref('stg_dates_renewed') }} as renewed
union all
select
    'month' as grain,
    min(months.month) as first_period
from {{ ref('int_flow_months') }} as months
