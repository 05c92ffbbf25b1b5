with bounds as (
    select
        min(days.day) as first_day,
        max(days.day) + 1 as end_day
    from {{ ref('int_flow_days') }} as days
    where days.has_counter
),

clipped as (
    select
        flows.model_key,
        flows.as_of,
        greatest(flows.from_on, bounds.first_day) as from_on,
        least(flows.to_on, bounds.end_day) as to_on,
        cast(round(flows.downloads / flows.days, 6) as decimal(24, 6)) as downloads,
        cast(round(flows.downloads_robust / flows.days, 6) as decimal(24, 6)) as downloads_robust
    from {{ ref('int_flow_pieces') }} as flows
    inner join bounds on flows.from_on < bounds.end_day and flows.to_on > bounds.first_day
),

named as (
    select
        clipped.*,
        models.hub_id
    from clipped
    inner join {{ ref('stg_models') }} as models on clipped.model_key = models.model_key
),

scoped as (
    {{ in_scopes('named') }}
),

-- By stretch of days first: two captures in a row bound most intervals, whichever the model.
weighted as (
    select
        scoped.from_on,
        scoped.to_on,
        scoped.scope,
        bridge.attribution,
        bridge.family,
        sum(scoped.downloads * cast(bridge.weight as decimal(13, 12))) as downloads,
        sum(scoped.downloads_robust * cast(bridge.weight as decimal(13, 12))) as downloads_robust,
        count(*) as models
    from scoped
    inner join
        {{ ref('bridge_model_family') }} as bridge
        on scoped.hub_id = bridge.hub_id and {{ valid_on('bridge', 'scoped.as_of') }}
    group by scoped.from_on, scoped.to_on, scoped.scope, bridge.attribution, bridge.family
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
