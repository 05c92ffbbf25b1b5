with claims as (
    select claims.* from {{ ref('int_claims') }} as claims
),

-- Two figures for one thing at one time.
same as (
    select
        'same' as kind,
        earlier.claim_id,
        later.claim_id as other_claim_id,
        earlier.entity_type,
        earlier.entity,
        earlier.metric,
        earlier.document = later.document as is_same_document,
        earlier.claimed,
        later.claimed as other_claimed,
        null as days,
        null as implied_rate,
        null as observed_rate,
        null as observed_in,
        later.claimed / nullif(earlier.claimed, 0) as ratio,
        case
            when earlier.unit = 'date'
                then earlier.claimed_low <= later.claimed_high and later.claimed_low <= earlier.claimed_high
            when
                earlier.comparison in ('at_least', 'more_than')
                and later.comparison in ('at_least', 'more_than')
                then true
            when earlier.comparison = 'at_least' then later.claimed >= earlier.claimed
            when later.comparison = 'at_least' then earlier.claimed >= later.claimed
            when earlier.comparison = 'more_than' then later.claimed > earlier.claimed
            when later.comparison = 'more_than' then earlier.claimed > later.claimed
            else
                later.claimed between earlier.claimed_low and earlier.claimed_high
                or earlier.claimed between later.claimed_low and later.claimed_high
        end as is_consistent
    from claims as earlier
    inner join
        claims as later
        on
            earlier.metric = later.metric
            and earlier.entity_type = later.entity_type
            and earlier.entity = later.entity
            and earlier.qualifier = later.qualifier
            and earlier.claim_id < later.claim_id
            and (
                -- When something happened is one thing, whenever it is told.
                earlier.unit = 'date'
                or (earlier.as_of_from = later.as_of_from and earlier.as_of_to = later.as_of_to)
                -- A share of the downloads is one of all days of its span.
                or (
                    earlier.metric not like 'download_share%'
                    and earlier.as_of_from <= later.as_of_to
                    and earlier.as_of_to >= later.as_of_from
                )
            )
    where earlier.resolves_on is null and later.resolves_on is null and earlier.testable
),

-- Two counts of one thing that only grows, at two times: the rate between them.
growing as (
    select
        earlier.claim_id,
        later.claim_id as other_claim_id,
        earlier.entity_type,
        earlier.entity,
        earlier.metric,
        earlier.document = later.document as is_same_document,
        earlier.claimed,
        later.claimed as other_claimed,
        earlier.as_of_to as from_on,
        later.as_of_to as to_on,
        later.as_of_to - earlier.as_of_to as days,
        -- What was passed by some day of a longer span may have been passed long before.
        later.comparison in ('at_least', 'more_than') and later.as_of_from < later.as_of_to as is_least,
        (later.claimed - earlier.claimed) / (later.as_of_to - earlier.as_of_to) as implied_rate,
        -- A figure of a month may be of its first day or its last.
        (later.claimed - earlier.claimed) / greatest(1, later.as_of_from - earlier.as_of_to) as rate_shortest,
        (later.claimed - earlier.claimed) / (later.as_of_to - earlier.as_of_from) as rate_longest
    from claims as earlier
    inner join
        claims as later
        on
            earlier.metric = later.metric
            and earlier.entity_type = later.entity_type
            and earlier.entity = later.entity
            and earlier.qualifier = later.qualifier
            and later.as_of_to - earlier.as_of_to >= 14
    where
        earlier.metric in ('cumulative_downloads', 'derivatives')
        and earlier.resolves_on is null
        and later.resolves_on is null
        and earlier.qualifier in ('', 'any')
        and (earlier.as_of_from > later.as_of_to or later.as_of_from > earlier.as_of_to)
),

-- What was observed: in the whole months between them, else in those that they touch.
flows as (
    select
        growing.claim_id,
        growing.other_claim_id,
        months.scope,
        months.attribution,
        cast(months.value as decimal(24, 6)) as value,
        date_diff('day', months.month, cast(months.month + interval 1 month as date)) as days,
        months.month >= growing.from_on
        and cast(months.month + interval 1 month as date) <= growing.to_on + 1 as is_inside
    from growing
    inner join
        {{ ref('int_unit_months') }} as months
        on
            growing.entity_type = months.unit_type
            and growing.entity = months.unit
            and growing.to_on >= months.month
            and cast(months.month + interval 1 month as date) > growing.from_on
    where growing.metric = 'cumulative_downloads' and months.metric = 'downloads'
),

observed as (
    select
        flows.claim_id,
        flows.other_claim_id,
        flows.scope || ', ' || flows.attribution as observed_in,
        coalesce(
            cast(sum(flows.value) filter (where flows.is_inside) as double)
            / sum(flows.days) filter (where flows.is_inside),
            cast(sum(flows.value) as double) / sum(flows.days)
        ) as rate
    from flows
    group by flows.claim_id, flows.other_claim_id, flows.scope, flows.attribution
    union all
    select
        growing.claim_id,
        growing.other_claim_id,
        'claim ' || rates.claim_id as observed_in,
        rates.claimed as rate
    from growing
    inner join
        claims as rates
        on
            growing.entity_type = rates.entity_type
            and growing.entity = rates.entity
            and rates.metric = 'new_derivatives_a_day'
            and growing.to_on > rates.as_of_from
            and growing.from_on < rates.as_of_to
    where growing.metric = 'derivatives'
    union all
    select
        growing.claim_id,
        growing.other_claim_id,
        'all, direct' as observed_in,
        avg(counts.new_30d) / 30 as rate
    from growing
    inner join
        {{ ref('fct_derivative_counts') }} as counts
        on
            growing.entity = counts.family
            and counts.date between growing.from_on and growing.to_on
    inner join {{ ref('int_month_captures') }} as captures on counts.date = captures.as_of
    where growing.metric = 'derivatives' and growing.entity_type = 'family' and counts.relation = 'any'
    group by growing.claim_id, growing.other_claim_id
),

-- The benefit of the doubt: a scope in which both can be true, else the one nearest to it.
held_against as (
    select
        growing.*,
        observed.rate,
        observed.observed_in,
        case
            -- What only grows cannot have been more.
            when growing.implied_rate < 0 then growing.is_least
            else
                (growing.is_least or growing.rate_shortest / nullif(observed.rate, 0) >= 0.7)
                and growing.rate_longest / nullif(observed.rate, 0) <= 1.4
        end as is_consistent
    from growing
    left join observed using (claim_id, other_claim_id)
),

rated as (
    select
        'rate' as kind,
        held.claim_id,
        held.other_claim_id,
        held.entity_type,
        held.entity,
        held.metric,
        held.is_same_document,
        held.claimed,
        held.other_claimed,
        held.days,
        held.implied_rate,
        held.rate as observed_rate,
        held.observed_in,
        held.implied_rate / nullif(held.rate, 0) as ratio,
        held.is_consistent
    from held_against as held
    qualify
        row_number() over (
            partition by held.claim_id, held.other_claim_id
            order by
                held.is_consistent desc nulls last,
                case
                    when held.implied_rate > 0 and held.rate > 0 then abs(ln(held.implied_rate / held.rate))
                    else abs(held.implied_rate - held.rate)
                end asc nulls last,
                held.observed_in asc
        ) = 1
),

pairs as (
    select * from same
    union all
    select * from rated
)

select
    pairs.claim_id,
    pairs.other_claim_id,
    pairs.kind,
    pairs.entity_type,
    pairs.entity,
    pairs.metric,
    pairs.is_same_document,
    pairs.claimed,
    pairs.other_claimed,
    cast(pairs.days as integer) as days,
    cast(pairs.implied_rate as double) as implied_rate,
    cast(pairs.observed_rate as double) as observed_rate,
    pairs.observed_in,
    pairs.ratio,
    pairs.is_consistent
from pairs
