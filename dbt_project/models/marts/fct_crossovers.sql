-- Pairs of units that once were among the first ten.
with ranked as (
    select
        months.*,
        rank() over (
            partition by
                months.month, months.unit_type, months.scope, months.attribution, months.metric
            order by months.value desc
        ) as place
    from {{ ref('int_unit_months') }} as months
),

leaders as (
    select distinct
        ranked.unit_type,
        ranked.unit,
        ranked.scope,
        ranked.attribution,
        ranked.metric
    from ranked
    where ranked.place <= 10
),

periods as (
    select
        ranked.month,
        ranked.unit_type,
        ranked.scope,
        ranked.attribution,
        ranked.metric,
        date_diff('month', date '2000-01-01', ranked.month) as number,
        min(ranked.month) over (
            partition by ranked.unit_type, ranked.scope, ranked.attribution, ranked.metric
        ) as first_month,
        max(ranked.month) over (
            partition by ranked.unit_type, ranked.scope, ranked.attribution, ranked.metric
        ) as last_month
    from ranked
    group by ranked.month, ranked.unit_type, ranked.scope, ranked.attribution, ranked.metric
),

-- A month in which a unit has nothing is a month at 0.
tracked as (
    select
        periods.*,
        leaders.unit,
        coalesce(ranked.value, 0) as value,
        coalesce(ranked.value_low, 0) as value_low,
        coalesce(ranked.value_high, 0) as value_high
    from leaders
    inner join periods using (unit_type, scope, attribution, metric)
    left join ranked using (month, unit_type, unit, scope, attribution, metric)
),

ahead as (
    select
        tracked.*,
        others.unit as other_unit,
        tracked.value_low > others.value_high as is_certain,
        tracked.number - row_number() over (
            partition by
                tracked.unit_type,
                tracked.scope,
                tracked.attribution,
                tracked.metric,
                tracked.unit,
                others.unit
            order by tracked.month
        ) as stretch
    from tracked
    inner join
        tracked as others
        on
            tracked.month = others.month
            and tracked.unit_type = others.unit_type
            and tracked.scope = others.scope
            and tracked.attribution = others.attribution
            and tracked.metric = others.metric
            and tracked.unit <> others.unit
    where tracked.value > others.value
),

stretches as (
    select
        ahead.unit_type,
        ahead.scope,
        ahead.attribution,
        ahead.metric,
        ahead.unit,
        ahead.other_unit,
        any_value(ahead.first_month) as first_month,
        any_value(ahead.last_month) as last_month,
        min(ahead.month) as ahead_from,
        max(ahead.month) as ahead_to,
        count(*) as months,
        min(ahead.month) filter (where ahead.is_certain) as certain_from
    from ahead
    group by
        ahead.unit_type,
        ahead.scope,
        ahead.attribution,
        ahead.metric,
        ahead.unit,
        ahead.other_unit,
        ahead.stretch
)

select
    stretches.unit_type,
    stretches.unit,
    stretches.other_unit,
    stretches.scope,
    stretches.attribution,
    stretches.metric,
    any_value(stretches.first_month) as recorded_from,
    min(stretches.ahead_from) as first_ahead,
    min(stretches.ahead_from) = any_value(stretches.first_month) as was_ahead_before,
    min(stretches.ahead_from) filter (where stretches.months >= 3) as sustained_from,
    max(stretches.ahead_from) filter (where stretches.ahead_to = stretches.last_month) as ahead_since,
    min(stretches.certain_from) as first_certain,
    cast(sum(stretches.months) as bigint) as months_ahead,
    count(*) as stretches
from stretches
group by
    stretches.unit_type,
    stretches.unit,
    stretches.other_unit,
    stretches.scope,
    stretches.attribution,
    stretches.metric
