-- A claim's figure as a number, a date as its day; what counts as equal to it; the last capture up to the
-- date it is as of, and the first one from there on. A record that ends more than a week before says nothing.
with claims as (
    select
        claims.*,
        coalesce(claims.qualifier, '') as qualified,
        metrics.testable,
        metrics.reason as metric_reason,
        metrics.measured_by,
        case claims.comparison
            when 'about' then 0.25
            when
                'equals'
                then case when claims.unit in ('rank', 'list', 'companies', 'days') then 0 else 0.15 end
            else 0
        end as tolerance
    from {{ ref('reported_claims') }} as claims
    inner join {{ ref('claim_metrics') }} as metrics on claims.metric = metrics.metric
),

usable as (
    select
        captures.date,
        captures.has_all_time
    from {{ ref('int_flow_captures') }} as captures
),

recorded as (
    select
        max(usable.date) as last_date,
        max(usable.date) filter (where usable.has_all_time) as last_count
    from usable
)

select
    claims.claim_id,
    claims.statement,
    claims.entity_type,
    claims.entity,
    claims.metric,
    claims.qualified as qualifier,
    claims.comparison,
    claims.unit,
    claims.as_of_from,
    claims.as_of_to,
    cast(date_trunc('month', claims.as_of_from) as date) as month_from,
    cast(date_trunc('month', claims.as_of_to) as date) as month_to,
    claims.stated_scope,
    claims.kind,
    claims.document,
    claims.source,
    claims.resolves_on,
    claims.testable,
    claims.metric_reason,
    claims.measured_by,
    claims.value_on,
    coalesce(claims.value, date_diff('day', date '1970-01-01', claims.value_on)) as claimed,
    case claims.unit
        when 'date' then date_diff('day', date '1970-01-01', claims.as_of_from)
        when 'elo_points' then claims.value - 1
        else claims.value * (1 - claims.tolerance)
    end as claimed_low,
    case claims.unit
        when 'date' then date_diff('day', date '1970-01-01', claims.as_of_to)
        when 'elo_points' then claims.value + 1
        else claims.value * (1 + claims.tolerance)
    end as claimed_high,
    (
        select max(usable.date) from usable
        where usable.date <= claims.as_of_to
        having max(usable.date) >= claims.as_of_to - 7 or claims.as_of_to <= recorded.last_date
    ) as capture_before,
    (
        select max(usable.date) from usable
        where usable.date <= claims.as_of_to and usable.has_all_time
        having max(usable.date) >= claims.as_of_to - 7 or claims.as_of_to <= recorded.last_count
    ) as count_before,
    (
        select min(usable.date) from usable
        where usable.date >= claims.as_of_to and usable.has_all_time
    ) as count_after
from claims
cross join recorded
