with bounds as (
    select
        min(days.day) as first_day,
        max(days.day) + 1 as end_day
    from {{ ref('int_flow_days') }} as days
    where days.has_counter
),

-- A model listed on the day of its creation has two flows on that day, and is one model.
counted_twice as (
    select
        firsts.model_key,
        firsts.from_on
    from {{ ref('int_flow_intervals') }} as firsts
    inner join {{ ref('int_flow_intervals') }} as nexts using (model_key, from_on)
    where firsts.is_first and firsts.to_on > firsts.as_of and not nexts.is_first and nexts.downloads > 0
),

-- A profile before scopes: most flows are in several.
clipped as (
    select
        flows.model_key,
        spans.profile,
        flows.as_of,
        greatest(flows.from_on, bounds.first_day) as from_on,
        least(flows.to_on, bounds.end_day) as to_on,
        not flows.is_first
        or (flows.model_key, flows.from_on) not in (
            select (counted_twice.model_key, counted_twice.from_on) from counted_twice
        ) as is_counted,
        cast(round(flows.downloads / flows.days, 6) as decimal(24, 6)) as downloads,
        cast(round(flows.downloads_robust / flows.days, 6) as decimal(24, 6)) as downloads_robust
    from {{ ref('int_flow_pieces') }} as flows
    inner join bounds on flows.from_on < bounds.end_day and flows.to_on > bounds.first_day
    inner join
        {{ ref('int_profile_spans') }} as spans
        on flows.model_key = spans.model_key and {{ valid_on('spans', 'flows.as_of') }}
),

scoped as (
    {{ in_scopes('clipped') }}
),

-- By stretch of days and profile first: two captures in a row bound most intervals, whichever the model.
profiled as (
    select
        scoped.from_on,
        scoped.to_on,
        scoped.scope,
        scoped.profile,
        cast(sum(scoped.downloads) as decimal(24, 6)) as downloads,
        cast(sum(scoped.downloads_robust) as decimal(24, 6)) as downloads_robust,
        count(*) filter (where scoped.is_counted) as models
    from scoped
    group by scoped.from_on, scoped.to_on, scoped.scope, scoped.profile
),

weighted as (
    select
        profiled.from_on,
        profiled.to_on,
        profiled.scope,
        profiles.attribution,
        profiles.family,
        sum(profiled.downloads * cast(profiles.weight as decimal(13, 12))) as downloads,
        sum(profiled.downloads_robust * cast(profiles.weight as decimal(13, 12))) as downloads_robust,
        sum(profiled.models) as models
    from profiled
    inner join {{ ref('int_profiles') }} as profiles on profiled.profile = profiles.profile
    group by profiled.from_on, profiled.to_on, profiled.scope, profiles.attribution, profiles.family
)

select
    days.day,
    weighted.scope,
    weighted.attribution,
    weighted.family,
    sum(weighted.downloads) as downloads,
    sum(weighted.downloads_robust) as downloads_robust,
    cast(sum(weighted.models) as bigint) as models
from {{ ref('int_flow_days') }} as days
inner join weighted on days.day >= weighted.from_on and days.day < weighted.to_on
where days.has_counter
group by days.day, weighted.scope, weighted.attribution, weighted.family
