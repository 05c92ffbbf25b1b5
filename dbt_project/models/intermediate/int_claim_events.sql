-- Claims about when something happened or how long it took; dates as days since 1970-01-01.
with claims as (
    select claims.* from {{ ref('int_claims') }} as claims
),

crossed as (
    select
        claims.claim_id,
        crossovers.scope,
        crossovers.attribution,
        -- Who led when the record began may have for long; who took the lead since may have had it before.
        crossovers.was_ahead_before or crossovers.recorded_from > claims.as_of_to as may_be_earlier,
        readings.reading,
        readings.month
    from claims
    inner join
        {{ ref('fct_crossovers') }} as crossovers
        on
            claims.entity_type = crossovers.unit_type
            and claims.entity = crossovers.unit
            and claims.qualifier = crossovers.other_unit
    inner join lateral (
        values
        ('ahead for the first time', crossovers.first_ahead),
        ('ahead for three months', crossovers.sustained_from)
    ) as readings (reading, month) on readings.month is not null
    where claims.metric = 'crossover_month' and crossovers.metric = 'downloads_all_time'
),

-- The lasting change that comes first; under how many penalties says how sure its month is.
changed as (
    select
        claims.claim_id,
        claims.metric,
        points.scope,
        points.attribution,
        points.basis,
        points.month,
        min(points.month) over (
            partition by claims.claim_id, points.scope, points.attribution, points.basis
        ) as first_month
    from claims
    inner join
        {{ ref('fct_change_points') }} as points
        on claims.entity_type = points.unit_type and claims.entity = points.unit
    where
        claims.metric in ('inflection_month', 'persistence')
        and points.is_persistent
        and not points.is_transient
        and points.direction = 'up'
),

-- One change lies within a month under all penalties: what lies later is another one.
lasting as (
    select
        changed.claim_id,
        changed.metric,
        changed.scope,
        changed.attribution,
        changed.basis,
        changed.first_month,
        max(changed.month) as last_month
    from changed
    where changed.month <= changed.first_month + interval 1 month
    group by
        changed.claim_id,
        changed.metric,
        changed.scope,
        changed.attribution,
        changed.basis,
        changed.first_month
),

recorded as (
    select
        series.unit_type,
        series.unit,
        series.scope,
        series.attribution,
        case series.metric when 'downloads' then 'counter' else 'window' end as basis,
        series.month,
        series.share,
        min(series.month) over (
            partition by
                series.unit_type, series.unit, series.scope, series.attribution, series.metric
        ) as first_month
    from {{ ref('int_share_series') }} as series
),

lasted as (
    select
        lasting.claim_id,
        lasting.scope,
        lasting.attribution,
        lasting.basis,
        min(recorded.share) filter (where recorded.month >= lasting.last_month) as lowest_since,
        avg(cast(recorded.share as decimal(18, 15))) filter (where recorded.month < lasting.first_month)
            as mean_before
    from lasting
    inner join claims on lasting.claim_id = claims.claim_id
    inner join
        recorded
        on
            claims.entity_type = recorded.unit_type
            and claims.entity = recorded.unit
            and lasting.scope = recorded.scope
            and lasting.attribution = recorded.attribution
            and lasting.basis = recorded.basis
    where
        lasting.metric = 'persistence'
        and recorded.month <= claims.month_to
        and case lasting.basis when 'counter' then claims.count_before else claims.capture_before end
        is not null
    group by lasting.claim_id, lasting.scope, lasting.attribution, lasting.basis
),

milestones as (
    select
        milestones.*,
        families.region
    from {{ ref('fct_milestones') }} as milestones
    left join
        {{ ref('families') }} as families
        on milestones.unit_type = 'family' and milestones.unit = families.family
),

reached as (
    select
        claims.claim_id,
        milestones.unit,
        milestones.scope,
        milestones.attribution,
        milestones.was_above_before,
        milestones.crossed_lo,
        milestones.crossed_on,
        milestones.crossed_hi
    from claims
    inner join
        milestones
        on
            claims.entity_type = milestones.unit_type
            and try_cast(string_split(claims.qualifier, ';')[1] as bigint) = milestones.threshold
            and string_split(claims.qualifier, ';')[2] = milestones.region
    where claims.metric = 'first_to_reach'
),

-- Who was above when first seen had crossed before all others.
placed as (
    select
        reached.claim_id,
        reached.unit,
        reached.scope,
        reached.attribution,
        1 + count(others.unit) filter (where coalesce(others.crossed_on < reached.crossed_on, true)) as place,
        1 + count(others.unit) filter (where others.crossed_hi <= reached.crossed_lo) as place_best,
        1 + count(others.unit) filter (where coalesce(others.crossed_lo < reached.crossed_hi, true))
            as place_worst
    from reached
    left join
        reached as others
        on
            reached.claim_id = others.claim_id
            and reached.scope = others.scope
            and reached.attribution = others.attribution
            and reached.unit <> others.unit
    where not reached.was_above_before
    group by reached.claim_id, reached.unit, reached.scope, reached.attribution
)

select
    crossed.claim_id,
    crossed.scope,
    crossed.attribution,
    'counter' as basis,
    crossed.reading,
    date_diff('day', date '1970-01-01', crossed.month) as measured,
    case when crossed.may_be_earlier then 0 end as measured_low,
    null as measured_high
from crossed
union all
select
    lasting.claim_id,
    lasting.scope,
    lasting.attribution,
    lasting.basis,
    'first lasting change upward' as reading,
    date_diff('day', date '1970-01-01', lasting.first_month) as measured,
    -- A series that begins later cannot tell what was before.
    case when min(recorded.first_month) > any_value(claims.as_of_to) then 0 end as measured_low,
    date_diff('day', date '1970-01-01', lasting.last_month) as measured_high
from lasting
inner join claims on lasting.claim_id = claims.claim_id
inner join
    recorded
    on
        claims.entity_type = recorded.unit_type
        and claims.entity = recorded.unit
        and lasting.scope = recorded.scope
        and lasting.attribution = recorded.attribution
        and lasting.basis = recorded.basis
where lasting.metric = 'inflection_month'
group by
    lasting.claim_id,
    lasting.scope,
    lasting.attribution,
    lasting.basis,
    lasting.first_month,
    lasting.last_month
union all
select
    lasted.claim_id,
    lasted.scope,
    lasted.attribution,
    lasted.basis,
    'lowest share since over the mean before' as reading,
    lasted.lowest_since / lasted.mean_before as measured,
    null as measured_low,
    null as measured_high
from lasted
where lasted.mean_before is not null
union all
select
    claims.claim_id,
    milestones.scope,
    milestones.attribution,
    'counter' as basis,
    'since ' || milestones.launch_basis as reading,
    milestones.days as measured,
    milestones.days_lo as measured_low,
    milestones.days_hi as measured_high
from claims
inner join
    milestones
    on
        claims.entity = milestones.unit_name
        and try_cast(claims.qualifier as bigint) = milestones.threshold
where
    claims.metric = 'days_to_downloads'
    and claims.entity_type = 'model'
    and milestones.unit_type = 'model'
    and milestones.days is not null
union all
select
    claims.claim_id,
    'claims' as scope,
    null as attribution,
    null as basis,
    'days from the launch that ' || launches.claim_id || ' reports to the report' as reading,
    claims.as_of_to - launches.value_on as measured,
    null as measured_low,
    null as measured_high
from claims
inner join claims as launches on claims.entity = launches.entity and launches.metric = 'launch_date'
where claims.metric = 'days_to_downloads' and claims.entity_type = 'app'
union all
select
    claims.claim_id,
    'releases' as scope,
    null as attribution,
    null as basis,
    'seed releases' as reading,
    date_diff('day', date '1970-01-01', releases.released_on) as measured,
    null as measured_low,
    null as measured_high
from claims
inner join
    {{ ref('releases') }} as releases
    on
        claims.entity = releases.family
        and replace(replace(claims.qualifier, ' ', ''), '.0', '') = replace(releases.release, ' ', '')
where claims.metric = 'release_date'
union all
select
    placed.claim_id,
    placed.scope,
    placed.attribution,
    'counter' as basis,
    null as reading,
    placed.place as measured,
    placed.place_best as measured_low,
    placed.place_worst as measured_high
from placed
inner join claims on placed.claim_id = claims.claim_id and placed.unit = claims.entity
