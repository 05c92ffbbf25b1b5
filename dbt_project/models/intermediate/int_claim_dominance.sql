-- Claims that compare a leader with others: the ratio, what the others have, who they are. A family is also
-- looked at as its accounts and its company.
with claims as (
    select
        claims.*,
        case claims.entity_type when 'set' then claims.qualifier else claims.entity end as leading_family,
        case claims.entity_type when 'set' then claims.entity else claims.qualifier end as competitors
    from {{ ref('int_claims') }} as claims
    where
        (claims.metric = 'dominance_ratio' and claims.entity_type = 'family')
        or (claims.metric = 'monthly_downloads' and claims.entity_type = 'set')
),

leaders as (
    select
        claims.*,
        units.unit_type,
        units.leader
    from claims
    inner join {{ ref('families') }} as families on claims.leading_family = families.family
    inner join lateral (
        values
        ('family', lower(families.family)),
        ('company', lower(families.company)),
        ('publisher', string_split(families.publishers, ';')[1])
    ) as units (unit_type, leader) on true
),

-- "The next eight" may be any of the sets of eight.
compared as (
    select
        leaders.claim_id,
        leaders.metric as claim_metric,
        leaders.competitors,
        dominance.*
    from leaders
    inner join
        {{ ref('fct_dominance') }} as dominance
        on
            leaders.month_from = dominance.month
            and leaders.unit_type = dominance.unit_type
            and leaders.leader = lower(dominance.leader)
    where
        (dominance.unit_type = 'family' or dominance.attribution = 'publisher')
        and (
            leaders.competitors = dominance.competitor_set
            or (
                dominance.k = 8
                and (
                    leaders.competitors = 'next_8'
                    -- The sets tell where the leader stands; what is added up is the whole.
                    or (leaders.competitors = 'everyone_else' and leaders.metric = 'monthly_downloads')
                )
            )
        )
),

totals as (
    select
        months.month,
        months.scope,
        case months.metric when 'downloads' then 'counter' else 'window' end as basis,
        any_value(months.scope_value) as value
    from {{ ref('int_unit_months') }} as months
    where months.unit_type = 'company' and months.metric in ('downloads', 'downloads_window')
    group by months.month, months.scope, months.metric
),

companies as (
    select
        claims.claim_id,
        claims.qualifier,
        months.scope,
        months.metric,
        months.unit
    from {{ ref('int_claims') }} as claims
    inner join {{ ref('int_unit_months') }} as months on claims.month_from = months.month
    where
        claims.metric = 'competitor_set'
        and months.unit_type = 'company'
        and months.attribution = 'publisher'
        and months.metric in ('downloads', 'downloads_window')
    -- The first one leads; as many follow as are named.
    qualify
        row_number() over (
            partition by claims.claim_id, months.scope, months.metric
            order by months.value desc, months.unit asc
        ) between 2 and 1 + len(string_split(claims.qualifier, ';'))
)

select
    compared.claim_id,
    compared.scope,
    compared.attribution,
    compared.basis,
    compared.unit_type || ' over ' || compared.competitor_set as reading,
    compared.ratio as measured,
    compared.ratio_low as measured_low,
    compared.ratio_high as measured_high
from compared
where compared.claim_metric = 'dominance_ratio'
union all
select
    compared.claim_id,
    compared.scope,
    compared.attribution,
    compared.basis,
    case
        when compared.competitors = 'everyone_else'
            then 'all but ' || compared.leader || ' and ' || compared.competitor_set
        else compared.competitor_set || ' of ' || compared.leader
    end || ' (' || compared.unit_type || ')' as reading,
    case
        when compared.competitors = 'everyone_else'
            then totals.value - compared.downloads - compared.competitor_downloads
        else compared.competitor_downloads
    end as measured,
    null as measured_low,
    null as measured_high
from compared
inner join
    totals
    on
        compared.month = totals.month
        and compared.scope = totals.scope
        and compared.basis = totals.basis
where
    compared.claim_metric = 'monthly_downloads'
    and not (compared.competitors = 'everyone_else' and compared.competitor_set = 'everyone_else')
union all
select
    companies.claim_id,
    companies.scope,
    'publisher' as attribution,
    case companies.metric when 'downloads' then 'counter' else 'window' end as basis,
    null as reading,
    count(*) filter (where list_contains(string_split(companies.qualifier, ';'), companies.unit)) as measured,
    null as measured_low,
    null as measured_high
from companies
group by companies.claim_id, companies.scope, companies.metric
