-- depends_on: {{ ref('reported_claims') }}

-- Claims about derivatives and about how many models there are, at the last capture up to their date.
with claims as (
    select claims.* from {{ ref('int_claims') }} as claims
),

counts as (
    select
        counts.date,
        counts.family,
        -- "Other" is what is none of the named relations.
        case when counts.relation in ('merge', 'unknown') then 'other' else counts.relation end as relation,
        sum(counts.direct) as direct,
        sum(counts.transitive) as transitive,
        sum(counts.direct) + sum(counts.internal) as with_internal,
        sum(counts.new_30d) as new_30d
    from {{ ref('fct_derivative_counts') }} as counts
    where
        counts.date in (select claims.capture_before from claims)
        or counts.date in (select captures.as_of from {{ ref('int_month_captures') }} as captures)
    group by
        counts.date,
        counts.family,
        case when counts.relation in ('merge', 'unknown') then 'other' else counts.relation end
),

readings as (
    select
        counts.date,
        counts.family,
        counts.relation,
        readings.reading,
        readings.value
    from counts
    inner join lateral (
        values
        ('direct', counts.direct),
        ('transitive', counts.transitive),
        ('direct, internal ones too', counts.with_internal)
    ) as readings (reading, value) on true
),

ranked as (
    select
        days.date,
        days.unit_type,
        days.unit,
        days.value
    from {{ ref('int_unit_days') }} as days
    where days.metric = 'derivatives' and days.unit_type <> 'family'
),

-- Whose accounts an account belongs to, where only families are counted by relation.
families as (
    select
        families.family,
        unnest(string_split(families.publishers, ';')) as publisher
    from {{ ref('families') }} as families
),

new_by_family as (
    select
        claims.claim_id,
        claims.entity_type,
        claims.entity,
        counts.family,
        all_families.region,
        counts.new_30d
    from claims
    inner join counts on claims.capture_before = counts.date and counts.relation = 'any'
    inner join {{ ref('families') }} as all_families on counts.family = all_families.family
    where
        claims.metric = 'new_derivative_share'
        and claims.entity_type in ('family', 'region')
        -- How many downloads those of a month have is not counted.
        and claims.qualifier = ''
),

of_all as (
    select
        claims.claim_id,
        readings.reading,
        readings.value as measured
    from claims
    inner join
        readings
        on
            claims.capture_before = readings.date
            and claims.entity = readings.family
            and claims.qualifier = readings.relation
    where claims.metric = 'derivatives' and claims.entity_type = 'family'
    union all
    select
        claims.claim_id,
        'direct' as reading,
        ranked.value as measured
    from claims
    inner join
        ranked
        on
            claims.capture_before = ranked.date
            and claims.entity_type = ranked.unit_type
            and claims.entity = ranked.unit
    where claims.metric = 'derivatives' and claims.qualifier = 'any'
    union all
    select
        claims.claim_id,
        'of family ' || families.family || ', ' || readings.reading as reading,
        readings.value as measured
    from claims
    inner join families on lower(claims.entity) = families.publisher
    inner join
        readings
        on
            claims.capture_before = readings.date
            and families.family = readings.family
            and claims.qualifier = readings.relation
    where
        claims.metric = 'derivatives'
        and claims.entity_type = 'publisher'
        and claims.qualifier <> 'any'
        and lower(families.family) = families.publisher
    union all
    select
        claims.claim_id,
        readings.reading || ', over family ' || others.family as reading,
        readings.value / nullif(others.value, 0) as measured
    from claims
    inner join
        readings
        on
            claims.capture_before = readings.date
            and claims.entity = readings.family
            and readings.relation = 'any'
    inner join
        readings as others
        on
            readings.date = others.date
            and claims.qualifier = others.family
            and readings.relation = others.relation
            and readings.reading = others.reading
    where claims.metric = 'derivatives_ratio'
    union all
    select
        claims.claim_id,
        'direct, over company ' || ranked.unit as reading,
        readings.value / nullif(ranked.value, 0) as measured
    from claims
    inner join
        readings
        on
            claims.capture_before = readings.date
            and claims.entity = readings.family
            and readings.relation = 'any'
            and readings.reading = 'direct'
    inner join
        ranked
        on
            claims.capture_before = ranked.date
            and claims.qualifier = ranked.unit
            and ranked.unit_type = 'company'
    where claims.metric = 'derivatives_ratio'
    union all
    select
        claims.claim_id,
        null as reading,
        max(derivatives.transitive) as measured
    from claims
    inner join
        {{ ref('fct_model_derivatives') }} as derivatives
        on claims.month_to = derivatives.month and claims.entity = derivatives.repo_id
    where
        claims.metric = 'derivatives_transitive'
        and claims.capture_before is not null
        and derivatives.relation = 'any'
        and derivatives.month in ({{ claimed_model_months() }})
    group by claims.claim_id
    union all
    select
        new_by_family.claim_id,
        'of the last 30 days, over those of the tracked families' as reading,
        sum(new_by_family.new_30d) filter (
            where
            (new_by_family.entity_type = 'family' and new_by_family.entity = new_by_family.family)
            or (new_by_family.entity_type = 'region' and new_by_family.entity = new_by_family.region)
        ) / nullif(sum(new_by_family.new_30d), 0) as measured
    from new_by_family
    group by new_by_family.claim_id
    union all
    select
        claims.claim_id,
        'direct, mean of the months' as reading,
        avg(counts.new_30d) / 30 as measured
    from claims
    inner join
        {{ ref('int_month_captures') }} as captures
        on captures.month between claims.month_from and claims.month_to
    inner join
        counts
        on captures.as_of = counts.date and claims.entity = counts.family and counts.relation = 'any'
    where claims.metric = 'new_derivatives_a_day' and claims.capture_before is not null
    group by claims.claim_id, claims.month_from, claims.month_to
    having count(*) = date_diff('month', claims.month_from, claims.month_to) + 1
    union all
    select
        claims.claim_id,
        null as reading,
        captures.rows - captures.duplicates as measured
    from claims
    inner join {{ ref('stg_captures') }} as captures on claims.capture_before = captures.date
    where claims.metric = 'public_models'
)

select
    of_all.claim_id,
    'all' as scope,
    null as attribution,
    of_all.reading,
    of_all.measured
from of_all
union all
select
    claims.claim_id,
    shares.scope,
    shares.attribution,
    null as reading,
    shares.models as measured
from claims
inner join
    {{ ref('fct_family_share_daily') }} as shares
    on claims.capture_before = shares.date and claims.entity = shares.family
where
    claims.metric = 'first_party_models'
    and shares.basis = 'window'
    and shares.attribution = 'publisher'
    and shares.scope <> 'curated'
