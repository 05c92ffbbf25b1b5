{{
    config(
        materialized='incremental',
        renews="{{ renewed_dates('date') }} or (basis = 'counter' and {{ reached_days('date') }})"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('int_flow_days') }}

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
        sum(scoped.downloads_30d) as scope_downloads,
        count(scoped.downloads_all_time) > 0 as has_all_time
    from {{ ref('int_scope_days') }} as scoped
    group by scoped.date, scoped.scope
),

profiled as (
    select
        scoped.date,
        scoped.scope,
        profiles.profile,
        cast(sum(scoped.downloads_30d) as decimal(18, 0)) as downloads,
        cast(sum(scoped.downloads_all_time) as decimal(18, 0)) as downloads_all_time,
        count(*) as models
    from {{ ref('int_scope_days') }} as scoped
    inner join
        {{ ref('int_model_profiles') }} as profiles
        on scoped.date = profiles.date and scoped.model_key = profiles.model_key
    group by scoped.date, scoped.scope, profiles.profile
),

weighted as (
    select
        profiled.date,
        profiled.scope,
        profiles.attribution,
        profiles.family,
        cast(sum(profiles.weight * profiled.downloads) as double) as downloads,
        cast(sum(profiles.weight * profiled.downloads_all_time) as double) as downloads_all_time,
        cast(sum(profiled.models) as bigint) as models
    from profiled
    inner join {{ ref('int_profiles') }} as profiles on profiled.profile = profiles.profile
    group by profiled.date, profiled.scope, profiles.attribution, profiles.family
),

windowed as (
    select
        totals.date,
        totals.scope,
        attributions.attribution,
        'window' as basis,
        'raw' as variant,
        families.family,
        coalesce(weighted.downloads, 0) as downloads,
        cast(totals.scope_downloads as double) as scope_downloads,
        coalesce(weighted.models, 0) as models,
        cast(1 as double) as confidence,
        case when totals.has_all_time then coalesce(weighted.downloads_all_time, 0) end
            as downloads_all_time
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
),

-- Every model counts in full for one publisher, so that these add up to all.
flow_totals as (
    select
        flows.day,
        flows.scope,
        sum(flows.downloads) as downloads,
        sum(flows.downloads_robust) as downloads_robust
    from {{ ref('int_flow_shares') }} as flows
    where flows.attribution = 'publisher'
    group by flows.day, flows.scope
),

counted as (
    select
        flow_totals.day as date,
        flow_totals.scope,
        attributions.attribution,
        'counter' as basis,
        variants.variant,
        families.family,
        coalesce(
            cast(
                case variants.variant
                    when 'raw' then flows.downloads else flows.downloads_robust
                end as double
            ),
            0
        ) as downloads,
        cast(
            case variants.variant
                when 'raw' then flow_totals.downloads else flow_totals.downloads_robust
            end as double
        ) as scope_downloads,
        coalesce(flows.models, 0) as models,
        days.confidence,
        null as downloads_all_time
    from flow_totals
    inner join {{ ref('int_flow_days') }} as days on flow_totals.day = days.day
    cross join (values ('raw'), ('robust')) as variants (variant)
    cross join attributions
    cross join families
    left join
        {{ ref('int_flow_shares') }} as flows
        on
            flow_totals.day = flows.day
            and flow_totals.scope = flows.scope
            and attributions.attribution = flows.attribution
            and families.family = flows.family
),

shares as (
    select windowed.* from windowed
    union all
    select counted.* from counted
)

select
    shares.date,
    shares.scope,
    shares.attribution,
    shares.basis,
    shares.variant,
    shares.family,
    shares.downloads,
    shares.scope_downloads,
    shares.downloads / nullif(shares.scope_downloads, 0) as share,
    shares.models,
    shares.confidence,
    shares.downloads_all_time
from shares
