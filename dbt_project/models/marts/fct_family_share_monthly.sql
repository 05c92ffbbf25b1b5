{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='month',
        on_schema_change='fail', pre_hook="{{ forget_renewed_months() }}"
    )
}}

with scoped as (
    select
        parts.month,
        parts.basis,
        scopes.scope,
        models.hub_id,
        parts.part_on,
        parts.downloads
    from {{ ref('int_flow_parts') }} as parts
    inner join {{ ref('stg_models') }} as models on parts.model_key = models.model_key
    inner join {{ ref('scopes') }} as scopes on scopes.tasks = '*'
    union all
    select
        parts.month,
        parts.basis,
        bridge.scope,
        bridge.hub_id,
        parts.part_on,
        parts.downloads
    from {{ ref('int_flow_parts') }} as parts
    inner join {{ ref('stg_models') }} as models on parts.model_key = models.model_key
    inner join
        {{ ref('bridge_model_scope') }} as bridge
        on models.hub_id = bridge.hub_id and {{ valid_on('bridge', 'parts.part_on') }}
    where bridge.is_member
),

totals as (
    select
        scoped.month,
        scoped.basis,
        scoped.scope,
        sum(scoped.downloads) as scope_downloads
    from scoped
    group by scoped.month, scoped.basis, scoped.scope
),

weighted as (
    select
        scoped.month,
        scoped.basis,
        scoped.scope,
        bridge.attribution,
        bridge.family,
        sum(scoped.downloads * cast(bridge.weight as decimal(13, 12))) as downloads,
        count(distinct scoped.hub_id) as models
    from scoped
    inner join
        {{ ref('bridge_model_family') }} as bridge
        on scoped.hub_id = bridge.hub_id and {{ valid_on('bridge', 'scoped.part_on') }}
    group by scoped.month, scoped.basis, scoped.scope, bridge.attribution, bridge.family
),

shares as (
    select
        totals.month,
        totals.basis,
        totals.scope,
        attributions.attribution,
        families.family,
        cast(coalesce(weighted.downloads, 0) as double) as downloads,
        cast(totals.scope_downloads as double) as scope_downloads,
        coalesce(weighted.models, 0) as models
    from totals
    cross join (values ('publisher'), ('brand'), ('root'), ('anchor')) as attributions (attribution)
    cross join {{ ref('dim_family') }} as families
    left join
        weighted
        on
            totals.month = weighted.month
            and totals.basis = weighted.basis
            and totals.scope = weighted.scope
            and attributions.attribution = weighted.attribution
            and families.family = weighted.family
)

select
    shares.month,
    shares.scope,
    shares.attribution,
    shares.basis,
    'raw' as variant,
    shares.family,
    shares.downloads,
    shares.scope_downloads,
    shares.downloads / nullif(shares.scope_downloads, 0) as share,
    shares.models,
    case
        when shares.family not in ('other', 'unknown')
            then ecosystem.downloads / nullif(first_party.downloads, 0)
    end as reach_multiplier,
    case when shares.basis = 'counter' then months.confidence end as confidence
from shares
inner join {{ ref('int_flow_months') }} as months on shares.month = months.month
inner join
    shares as ecosystem
    on
        shares.month = ecosystem.month
        and shares.scope = ecosystem.scope
        and shares.basis = ecosystem.basis
        and shares.family = ecosystem.family
        and ecosystem.attribution = 'root'
inner join
    shares as first_party
    on
        shares.month = first_party.month
        and shares.scope = first_party.scope
        and shares.basis = first_party.basis
        and shares.family = first_party.family
        and first_party.attribution = 'publisher'
