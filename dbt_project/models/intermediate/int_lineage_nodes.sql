{{ config(materialized='view') }}

select
    days.date,
    days.model_key as node_key,
    true as is_known,
    days.is_first_party,
    days.is_anchor,
    days.brand
from {{ ref('int_model_days') }} as days
union all
select
    absent.date,
    absent.node_key,
    false as is_known,
    absent.is_first_party,
    absent.is_anchor,
    absent.brand
from {{ ref('int_lineage_absent') }} as absent
