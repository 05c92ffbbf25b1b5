{{ config(materialized='incremental') }}

-- A present id may stand in rows of any month.
select
    {% if is_incremental() -%}
        (select coalesce(max(held.number), 0) + 1 from {{ this }} as held)
    {%- else -%}
        1
    {%- endif %} as number,
    cast(uuid() as varchar) as renewal,
    case
        when (select count(*) from {{ ref('stg_ids_replaced') }}) > 0 then date '0001-01-01'
        else min(months.month)
    end as first_month
from {{ ref('int_flow_months') }} as months
