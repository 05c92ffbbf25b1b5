{{ config(materialized='view') }}

select
    cast(date_trunc('month', captures.date) as date) as month,
    max(captures.date) as as_of
from {{ ref('stg_captures') }} as captures
where captures.verdict = 'admitted' and captures.has_facts
group by cast(date_trunc('month', captures.date) as date)
