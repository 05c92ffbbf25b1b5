{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='month',
        on_schema_change='fail', pre_hook=[
            "{{ forget_renewed_months() }}",
            "{{ adopt_ids('hub_id', 'last_day(held.month)') }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

with summed as (
    select
        parts.month,
        parts.model_key,
        parts.basis,
        cast(sum(parts.downloads) as double) as raw,
        cast(sum(parts.downloads_robust) as double) as robust,
        cast(sum(parts.downloads_low) as double) as downloads_low,
        cast(sum(parts.downloads_high) as double) as downloads_high
    from {{ ref('int_flow_parts') }} as parts
    group by parts.month, parts.model_key, parts.basis
)

select
    summed.month,
    models.hub_id,
    summed.basis,
    variants.variant,
    case variants.variant when 'raw' then summed.raw else summed.robust end as downloads,
    summed.downloads_low,
    summed.downloads_high,
    case when summed.basis = 'counter' then months.confidence end as confidence
from summed
inner join
    (values ('counter', 'raw'), ('counter', 'robust'), ('window', 'raw')) as variants (basis, variant)
    on summed.basis = variants.basis
inner join {{ ref('int_flow_months') }} as months on summed.month = months.month
inner join {{ ref('stg_models') }} as models on summed.model_key = models.model_key
-- As published: who looks for a model skips the others of a month.
order by summed.month, summed.model_key
