-- A month's downloads of a model, by the date whose attributes and weights count for it. What flowed in
-- intervals that cross the month's bounds may lie on either side of them: low leaves it out, high takes all.
with months as (
    select months.* from {{ ref('int_flow_months') }} as months
),

counter_parts as (
    select
        months.month,
        flows.model_key,
        flows.as_of,
        (least(flows.to_on, months.next_month) - greatest(flows.from_on, months.month)) / flows.days as part,
        flows.downloads,
        flows.downloads_robust,
        flows.from_on >= months.month and flows.to_on <= months.next_month as is_inside
    from {{ ref('int_flow_pieces') }} as flows
    inner join months on flows.from_on < months.next_month and flows.to_on > months.month
    where months.has_counter
),

span as (
    select
        min(counter_parts.as_of) as first_date,
        max(counter_parts.as_of) as last_date
    from counter_parts
),

-- Whoever stayed what it was needs one row a month.
memberships as (
    select
        spans.model_key,
        spans.valid_from,
        spans.valid_to
    from {{ ref('int_profile_spans') }} as spans
    union all
    select
        spans.model_key,
        spans.valid_from,
        spans.valid_to
    from {{ ref('int_scope_spans') }} as spans
),

begun as (
    select
        names.model_key,
        names.publisher
    from {{ ref('stg_model_names') }} as names
    inner join
        span
        on names.valid_from > span.first_date and names.valid_from <= span.last_date
),

-- Most that begin are of models that are new, and had no other publisher.
changed as (
    select begun.model_key
    from begun
    inner join {{ ref('stg_model_names') }} as others on begun.model_key = others.model_key
    inner join
        span
        on
            others.valid_from <= span.last_date
            and (others.valid_to is null or others.valid_to > span.first_date)
    where begun.publisher is distinct from others.publisher
    union
    select memberships.model_key
    from memberships
    inner join
        span
        on
            (memberships.valid_from > span.first_date and memberships.valid_from <= span.last_date)
            or (memberships.valid_to > span.first_date and memberships.valid_to <= span.last_date)
),

-- Exact from here on: a sum must not depend on the order of its terms.
summed as (
    select
        counter_parts.month,
        counter_parts.model_key,
        -- Few changed: a join with them would hash the parts of all.
        case
            when counter_parts.model_key in (select changed.model_key from changed) then counter_parts.as_of
        end as changed_by,
        max(counter_parts.as_of) as as_of,
        sum(cast(round(counter_parts.downloads * counter_parts.part, 6) as decimal(24, 6))) as downloads,
        sum(cast(round(counter_parts.downloads_robust * counter_parts.part, 6) as decimal(24, 6)))
            as downloads_robust,
        cast(
            sum(case when counter_parts.is_inside then counter_parts.downloads_robust else 0 end) as decimal(
                24, 6
            )
        )
            as downloads_low,
        cast(sum(counter_parts.downloads) as decimal(24, 6)) as downloads_high
    from counter_parts
    group by counter_parts.month, counter_parts.model_key, changed_by
),

lasts as (
    select
        summed.month,
        summed.model_key,
        max(summed.as_of) as as_of
    from summed
    where summed.changed_by is not null
    group by summed.month, summed.model_key
)

select
    summed.month,
    'counter' as basis,
    summed.model_key,
    summed.as_of,
    summed.changed_by is null
    or (summed.month, summed.model_key, summed.as_of) in (
        select (lasts.month, lasts.model_key, lasts.as_of) from lasts
    ) as is_last,
    summed.downloads,
    summed.downloads_robust,
    summed.downloads_low,
    summed.downloads_high
from summed
union all
select
    months.month,
    'window' as basis,
    spans.model_key,
    months.window_date as as_of,
    true as is_last,
    cast(round(spans.downloads_30d * months.days / 30, 6) as decimal(24, 6)) as downloads,
    null as downloads_robust,
    null as downloads_low,
    null as downloads_high
from months
inner join
    {{ ref('stg_counter_spans') }} as spans
    on {{ valid_on('spans', 'months.window_date') }}
where
    spans.downloads_30d > 0
    and spans.valid_from <= {{ window_bound('max') }}
    and (spans.valid_to is null or spans.valid_to > {{ window_bound('min') }})
