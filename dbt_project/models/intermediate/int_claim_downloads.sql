-- depends_on: {{ ref('reported_claims') }}

-- Claims about downloads: of a month or several, of all time, as a share, as a place.
with claims as (
    select
        claims.*,
        date_diff('month', claims.month_from, claims.month_to) + 1 as months
    from {{ ref('int_claims') }} as claims
),

unit_months as (
    select
        months.unit_type,
        months.unit,
        months.month,
        months.scope,
        months.attribution,
        months.metric,
        months.value,
        months.value_low,
        months.value_high,
        months.scope_value
    from {{ ref('int_unit_months') }} as months
    where months.metric in ('downloads', 'downloads_window')
    union all
    select
        'hub' as unit_type,
        'Hub' as unit,
        months.month,
        months.scope,
        'publisher' as attribution,
        months.metric,
        any_value(months.scope_value) as value,
        any_value(months.scope_value) as value_low,
        any_value(months.scope_value) as value_high,
        any_value(months.scope_value) as scope_value
    from {{ ref('int_unit_months') }} as months
    where months.metric in ('downloads', 'downloads_window') and months.unit_type = 'company'
    group by months.month, months.scope, months.metric
    union all
    select
        'model' as unit_type,
        ranks.unit_name as unit,
        ranks.period as month,
        ranks.scope,
        ranks.attribution,
        ranks.metric,
        ranks.value,
        coalesce(downloads.downloads_low, ranks.value) as value_low,
        coalesce(downloads.downloads_high, ranks.value) as value_high,
        null as scope_value
    from {{ ref('fct_rank_history') }} as ranks
    -- Bounds are those of all of the month: a scope that has but a part of it goes without.
    left join
        {{ ref('fct_model_downloads_monthly') }} as downloads
        on
            ranks.period = downloads.month
            and ranks.unit = downloads.hub_id
            and ranks.value = downloads.downloads
            and downloads.basis = case ranks.metric when 'downloads' then 'counter' else 'window' end
            and downloads.variant = 'raw'
            and downloads.month in ({{ claimed_model_months() }})
    where
        ranks.grain = 'month'
        and ranks.unit_type = 'model'
        and ranks.period in ({{ claimed_model_months() }})
),

listed as (
    select
        unit_months.month,
        unit_months.scope,
        unit_months.metric,
        sum(cast(unit_months.value as decimal(24, 6))) as value
    from unit_months
    where unit_months.unit_type = 'publisher'
    group by unit_months.month, unit_months.scope, unit_months.metric
),

spans as (
    select
        claims.claim_id,
        claims.metric as claim_metric,
        unit_months.scope,
        unit_months.attribution,
        unit_months.metric,
        claims.months,
        count(*) as months_found,
        sum(cast(unit_months.value as decimal(24, 6))) as value,
        sum(cast(unit_months.value_low as decimal(24, 6))) as value_low,
        sum(cast(unit_months.value_high as decimal(24, 6))) as value_high,
        sum(cast(unit_months.scope_value as decimal(24, 6))) as scope_value,
        sum(listed.value) as listed_value
    from claims
    inner join
        unit_months
        on
            claims.entity_type = unit_months.unit_type
            and claims.entity = unit_months.unit
            and unit_months.month between claims.month_from and claims.month_to
    left join
        listed
        on
            unit_months.month = listed.month
            and unit_months.scope = listed.scope
            and unit_months.metric = listed.metric
    where
        (
            claims.metric in ('monthly_downloads', 'downloads_in_window', 'download_share_listed_only')
            and claims.qualifier = ''
        )
        or (claims.metric = 'download_share' and claims.qualifier in ('', unit_months.attribution))
    group by
        claims.claim_id,
        claims.metric,
        unit_months.scope,
        unit_months.attribution,
        unit_months.metric,
        claims.months
),

shares as (
    select
        spans.claim_id,
        spans.scope,
        spans.attribution,
        case spans.metric when 'downloads' then 'counter' else 'window' end as basis,
        case spans.claim_metric
            when 'download_share_listed_only' then 'over the accounts of the seed publishers'
        end
            as reading,
        case spans.claim_metric
            when 'download_share' then cast(spans.scope_value as double)
            when 'download_share_listed_only' then cast(spans.listed_value as double)
            else 1
        end as denominator,
        spans.value,
        spans.value_low,
        spans.value_high
    from spans
    where
        spans.months_found = spans.months
        and (spans.claim_metric <> 'download_share_listed_only' or spans.attribution = 'publisher')
),

-- All-time counts at the captures around the date; on a straight line between them.
counted as (
    select
        claims.claim_id,
        days.scope,
        days.attribution,
        claims.as_of_to,
        claims.count_before,
        claims.count_after,
        max(days.value) filter (where days.date = claims.count_before) as value_before,
        max(days.value) filter (where days.date = claims.count_after) as value_after
    from claims
    inner join
        {{ ref('int_unit_days') }} as days
        on
            (claims.count_before = days.date or claims.count_after = days.date)
            and claims.entity_type = days.unit_type
            and claims.entity = days.unit
    where
        claims.metric = 'cumulative_downloads'
        and claims.qualifier = ''
        and days.metric = 'downloads_all_time'
        and claims.count_before is not null
    group by
        claims.claim_id,
        days.scope,
        days.attribution,
        claims.as_of_to,
        claims.count_before,
        claims.count_after
),

cumulative as (
    select
        counted.claim_id,
        counted.scope,
        counted.attribution,
        case
            when counted.value_after is null or counted.count_after = counted.count_before
                then counted.value_before
            else
                counted.value_before
                + (counted.value_after - counted.value_before)
                * (counted.as_of_to - counted.count_before)
                / (counted.count_after - counted.count_before)
        end as value,
        least(counted.value_before, counted.value_after) as value_low,
        greatest(counted.value_before, counted.value_after) as value_high
    from counted
    where counted.value_before is not null
),

tops as (
    select
        claims.claim_id,
        concentration.scope,
        concentration.attribution,
        concentration.basis,
        claims.months,
        case
            when claims.metric = 'download_share_of_top_publishers' then concentration.top_50_share
            when claims.qualifier = '10' then concentration.top_10_share
            when claims.qualifier = '200' then concentration.top_200_share
        end as value
    from claims
    inner join
        {{ ref('fct_concentration') }} as concentration
        on
            concentration.month between claims.month_from and claims.month_to
            and concentration.unit_type
            = case claims.metric when 'download_share_of_top_publishers' then 'publisher' else 'model' end
    where claims.metric in ('download_share_of_top', 'download_share_of_top_publishers')
),

placed as (
    select
        claims.claim_id,
        days.scope,
        days.attribution,
        days.unit,
        rank() over (
            partition by claims.claim_id, days.scope, days.attribution
            order by days.value desc
        ) as place
    from claims
    inner join {{ ref('families') }} as families on claims.qualifier = families.region
    inner join
        {{ ref('int_unit_days') }} as days
        on claims.count_before = days.date and families.family = days.unit
    where
        claims.metric = 'download_rank'
        and days.unit_type = 'family'
        and days.metric = 'downloads_all_time'
)

select
    shares.claim_id,
    shares.scope,
    shares.attribution,
    shares.basis,
    shares.reading,
    cast(shares.value as double) / shares.denominator as measured,
    cast(shares.value_low as double) / shares.denominator as measured_low,
    cast(shares.value_high as double) / shares.denominator as measured_high
from shares
union all
select
    cumulative.claim_id,
    cumulative.scope,
    cumulative.attribution,
    'counter' as basis,
    null as reading,
    cumulative.value as measured,
    cumulative.value_low as measured_low,
    cumulative.value_high as measured_high
from cumulative
union all
select
    tops.claim_id,
    tops.scope,
    tops.attribution,
    tops.basis,
    case when any_value(tops.months) > 1 then 'mean of the months' end as reading,
    avg(cast(tops.value as decimal(18, 15))) as measured,
    min(tops.value) as measured_low,
    max(tops.value) as measured_high
from tops
where tops.value is not null
group by tops.claim_id, tops.scope, tops.attribution, tops.basis
having count(*) = any_value(tops.months)
union all
select
    placed.claim_id,
    placed.scope,
    placed.attribution,
    'counter' as basis,
    null as reading,
    placed.place as measured,
    placed.place as measured_low,
    placed.place as measured_high
from placed
inner join claims on placed.claim_id = claims.claim_id and placed.unit = claims.entity
