{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='date',
        on_schema_change='fail', pre_hook="{{ forget_renewed('date') }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}

with families as (
    select families.family from {{ ref('dim_family') }} as families
),

attributions as (
    select attributions.attribution
    from (values ('publisher'), ('brand'), ('root'), ('anchor')) as attributions (attribution)
),

totals as (
    select
        scoped.date,
        scoped.scope,
        sum(scoped.downloads_30d) as scope_downloads
    from {{ ref('int_scope_days') }} as scoped
    group by scoped.date, scoped.scope
),

weighted as (
    select
        scoped.date,
        scoped.scope,
        weights.attribution,
        weights.family,
        cast(sum(weights.weight * cast(scoped.downloads_30d as decimal(18, 0))) as double)
            as downloads,
        count(*) as models
    from {{ ref('int_scope_days') }} as scoped
    inner join
        {{ ref('int_family_weights') }} as weights
        on scoped.date = weights.date and scoped.model_key = weights.model_key
    group by scoped.date, scoped.scope, weights.attribution, weights.family
)

select
    totals.date,
    totals.scope,
    attributions.attribution,
    'window' as basis,
    'raw' as variant,
    families.family,
    coalesce(weighted.downloads, 0) as downloads,
    cast(totals.scope_downloads as bigint) as scope_downloads,
    coalesce(weighted.downloads, 0) / nullif(totals.scope_downloads, 0) as share,
    coalesce(weighted.models, 0) as models,
    cast(1 as double) as confidence
from totals
cross join attributions
cross join families
left join
    weighted
    on
        totals.date = weighted.date
        and totals.scope = weighted.scope
        and attributions.attribution = weighted.attribution
        and families.family = weighted.family
