{{
    config(
        materialized='incremental',
        renews="{{ renewed_months() }}", pre_hook="{{ adopt_ids_by_month('hub_id') }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

-- Nearly all were the same thing all month, and have one row in it.
with parted as (
    select distinct
        parts.month,
        parts.basis,
        parts.model_key
    from {{ ref('int_flow_parts') }} as parts
    where not parts.is_last
),

summed as (
    select
        parts.month,
        parts.model_key,
        parts.basis,
        parts.downloads,
        parts.downloads_robust,
        parts.downloads_low,
        parts.downloads_high
    from {{ ref('int_flow_parts') }} as parts
    anti join parted using (month, basis, model_key)
    union all
    select
        parts.month,
        parts.model_key,
        parts.basis,
        sum(parts.downloads) as downloads,
        sum(parts.downloads_robust) as downloads_robust,
        sum(parts.downloads_low) as downloads_low,
        sum(parts.downloads_high) as downloads_high
    from {{ ref('int_flow_parts') }} as parts
    semi join parted using (month, basis, model_key)
    group by parts.month, parts.model_key, parts.basis
)

select
    summed.month,
    models.hub_id,
    summed.basis,
    variants.variant,
    cast(
        case variants.variant when 'raw' then summed.downloads else summed.downloads_robust end as double
    ) as downloads,
    cast(summed.downloads_low as double) as downloads_low,
    cast(summed.downloads_high as double) as downloads_high,
    case when summed.basis = 'counter' then months.confidence end as confidence
from summed
inner join
    (values ('counter', 'raw'), ('counter', 'robust'), ('window', 'raw')) as variants (basis, variant)
    on summed.basis = variants.basis
inner join {{ ref('int_flow_months') }} as months on summed.month = months.month
inner join {{ ref('stg_models') }} as models on summed.model_key = models.model_key
-- As published: who looks for a model skips the others of a month.
order by summed.month, summed.model_key
