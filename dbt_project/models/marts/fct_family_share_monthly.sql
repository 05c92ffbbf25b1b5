{{ config(materialized='incremental', renews="{{ renewed_months() }}") }}

with scoped as (
    select scoped.* from {{ ref('int_flow_scoped') }} as scoped
),

totals as (
    select
        scoped.month,
        scoped.basis,
        scoped.scope,
        sum(scoped.downloads) as downloads,
        sum(scoped.downloads_robust) as downloads_robust
    from scoped
    group by scoped.month, scoped.basis, scoped.scope
),

profiled as (
    select
        scoped.month,
        scoped.basis,
        scoped.scope,
        spans.profile,
        cast(sum(scoped.downloads) as decimal(24, 6)) as downloads,
        cast(sum(scoped.downloads_robust) as decimal(24, 6)) as downloads_robust,
        cast(sum(scoped.downloads_low) as decimal(24, 6)) as downloads_low,
        cast(sum(scoped.downloads_high) as decimal(24, 6)) as downloads_high,
        count(*) filter (where scoped.is_last) as models
    from scoped
    inner join
        {{ ref('int_profile_spans') }} as spans
        on scoped.model_key = spans.model_key and {{ valid_on('spans', 'scoped.as_of') }}
    group by scoped.month, scoped.basis, scoped.scope, spans.profile
),

weighted as (
    select
        profiled.month,
        profiled.basis,
        profiled.scope,
        profiles.attribution,
        profiles.family,
        sum(profiled.downloads * cast(profiles.weight as decimal(13, 12))) as downloads,
        sum(profiled.downloads_robust * cast(profiles.weight as decimal(13, 12))) as downloads_robust,
        sum(profiled.downloads_low * cast(profiles.weight as decimal(13, 12))) as downloads_low,
        sum(profiled.downloads_high * cast(profiles.weight as decimal(13, 12))) as downloads_high,
        cast(sum(profiled.models) as bigint) as models
    from profiled
    inner join {{ ref('int_profiles') }} as profiles on profiled.profile = profiles.profile
    group by profiled.month, profiled.basis, profiled.scope, profiles.attribution, profiles.family
),

shares as (
    select
        totals.month,
        totals.basis,
        totals.scope,
        variants.variant,
        attributions.attribution,
        families.family,
        cast(
            case variants.variant when 'raw' then totals.downloads else totals.downloads_robust end as double
        ) as scope_downloads,
        coalesce(
            cast(
                case variants.variant
                    when 'raw' then weighted.downloads else weighted.downloads_robust
                end as double
            ),
            0
        ) as downloads,
        coalesce(cast(weighted.downloads_low as double), case totals.basis when 'counter' then 0 end)
            as downloads_low,
        coalesce(cast(weighted.downloads_high as double), case totals.basis when 'counter' then 0 end)
            as downloads_high,
        coalesce(weighted.models, 0) as models
    from totals
    inner join
        (values ('counter', 'raw'), ('counter', 'robust'), ('window', 'raw')) as variants (basis, variant)
        on totals.basis = variants.basis
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
    shares.variant,
    shares.family,
    shares.downloads,
    shares.downloads_low,
    shares.downloads_high,
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
        and shares.variant = ecosystem.variant
        and shares.family = ecosystem.family
        and ecosystem.attribution = 'root'
inner join
    shares as first_party
    on
        shares.month = first_party.month
        and shares.scope = first_party.scope
        and shares.basis = first_party.basis
        and shares.variant = first_party.variant
        and shares.family = first_party.family
        and first_party.attribution = 'publisher'
