{{
    config(
        materialized='incremental',
        renews="{{ renewed_months() }}",
        pre_hook="{{ adopt_ids_by_month('leader', \"held.unit_type = 'model'\") }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}, {{ ref('int_flow_months') }}

with sets as (
    select
        sets.*,
        string_split(sets.companies, ';') as members
    from {{ ref('competitor_sets') }} as sets
),

kinds as (
    select
        publishers.company,
        bool_or(publishers.kind = 'lab') as is_lab
    from {{ ref('publishers') }} as publishers
    group by publishers.company
),

-- Models are millions, of which the first few matter.
thresholds as (
    select
        months.month,
        months.unit_type,
        months.scope,
        months.attribution,
        months.metric,
        list_last(max(months.value, 20)) as value
    from {{ ref('int_rank_months') }} as months
    group by months.month, months.unit_type, months.scope, months.attribution, months.metric
),

considered as (
    select
        months.*,
        months.value >= thresholds.value as is_large
    from {{ ref('int_rank_months') }} as months
    inner join thresholds using (month, unit_type, scope, attribution, metric)
    where months.value >= thresholds.value or months.unit_type <> 'model'
),

units as (
    select
        considered.*,
        coalesce(
            accounts.company,
            families.company,
            case considered.unit_type when 'company' then considered.unit end
        ) as company,
        case considered.unit_type
            when 'publisher' then coalesce(accounts.kind = 'lab', false)
            when 'family' then true
            when 'company' then coalesce(kinds.is_lab, false)
            else false
        end as is_lab
    from considered
    left join
        {{ ref('publishers') }} as accounts
        on considered.unit_type = 'publisher' and lower(considered.unit) = accounts.publisher
    left join
        {{ ref('families') }} as families
        on considered.unit_type = 'family' and considered.unit = families.family
    left join kinds on considered.unit_type = 'company' and considered.unit = kinds.company
),

largest as (
    select units.*
    from units
    where units.is_large
),

{{ named_units('largest') }},

leaders as (
    select with_names.*
    from with_names
    qualify row_number() over (
        partition by
            with_names.month,
            with_names.unit_type,
            with_names.scope,
            with_names.attribution,
            with_names.metric
        order by with_names.value desc, with_names.unit_name asc, with_names.unit asc
    ) <= 20
),

candidates as (
    select
        with_names.*,
        'any' as kind
    from with_names
    union all by name
    select
        units.*,
        'lab' as kind
    from units
    where units.is_lab
),

pools as (
    select
        candidates.*,
        row_number() over by_value as place,
        sum(cast(candidates.value as decimal(24, 6))) over by_value as value_from,
        sum(cast(candidates.value_low as decimal(24, 6))) over by_value as low_from,
        sum(cast(candidates.value_high as decimal(24, 6))) over by_value as high_from
    from candidates
    window
        by_value as (
            partition by
                candidates.month,
                candidates.unit_type,
                candidates.scope,
                candidates.attribution,
                candidates.metric,
                candidates.kind
            order by candidates.value desc, candidates.unit_name asc, candidates.unit asc
            rows between unbounded preceding and current row
        )
),

next_largest as (
    select
        leaders.*,
        sets.competitor_set,
        sets.k,
        cast(sets.k as bigint) as members,
        cast(0 as double) as unlisted_high,
        lasts.value_from
        - case when own.place is null then 0 else cast(leaders.value as decimal(24, 6)) end as competitors,
        lasts.low_from
        - case when own.place is null then 0 else cast(leaders.value_low as decimal(24, 6)) end
            as competitors_low,
        lasts.high_from
        - case when own.place is null then 0 else cast(leaders.value_high as decimal(24, 6)) end
            as competitors_high
    from leaders
    inner join sets on sets.kind in ('any', 'lab')
    left join
        pools as own
        on
            leaders.month = own.month
            and leaders.unit_type = own.unit_type
            and leaders.scope = own.scope
            and leaders.attribution = own.attribution
            and leaders.metric = own.metric
            and leaders.unit = own.unit
            and sets.kind = own.kind
            and sets.k >= own.place
    inner join
        pools as lasts
        on
            leaders.month = lasts.month
            and leaders.unit_type = lasts.unit_type
            and leaders.scope = lasts.scope
            and leaders.attribution = lasts.attribution
            and leaders.metric = lasts.metric
            and sets.kind = lasts.kind
            and lasts.place = sets.k + case when own.place is null then 0 else 1 end
),

named_values as (
    select
        units.month,
        units.unit_type,
        units.scope,
        units.attribution,
        units.metric,
        sets.competitor_set,
        units.company,
        sum(cast(units.value as decimal(24, 6))) as value,
        sum(cast(units.value_low as decimal(24, 6))) as value_low,
        sum(cast(units.value_high as decimal(24, 6))) as value_high
    from units
    inner join sets on list_contains(sets.members, units.company)
    where sets.kind = 'named'
    group by
        units.month,
        units.unit_type,
        units.scope,
        units.attribution,
        units.metric,
        sets.competitor_set,
        units.company
),

named_sums as (
    select
        named_values.month,
        named_values.unit_type,
        named_values.scope,
        named_values.attribution,
        named_values.metric,
        named_values.competitor_set,
        count(*) as members,
        min(named_values.value_high) as smallest,
        sum(named_values.value) as value,
        sum(named_values.value_low) as value_low,
        sum(named_values.value_high) as value_high
    from named_values
    group by
        named_values.month,
        named_values.unit_type,
        named_values.scope,
        named_values.attribution,
        named_values.metric,
        named_values.competitor_set
),

-- A member of whom nothing is known has between nothing and as much as the smallest one that is known.
named as (
    select
        leaders.*,
        sets.competitor_set,
        sets.k,
        named_sums.members,
        cast((sets.k - named_sums.members) * named_sums.smallest as double) as unlisted_high,
        named_sums.value as competitors,
        named_sums.value_low as competitors_low,
        named_sums.value_high as competitors_high
    from leaders
    inner join named_sums using (month, unit_type, scope, attribution, metric)
    inner join sets on named_sums.competitor_set = sets.competitor_set
    where leaders.company is null or not list_contains(sets.members, leaders.company)
),

rest as (
    select
        leaders.*,
        sets.competitor_set,
        sets.k,
        null as members,
        cast(0 as double) as unlisted_high,
        totals.value - cast(leaders.value as decimal(24, 6)) as competitors,
        totals.value_low - cast(leaders.value_low as decimal(24, 6)) as competitors_low,
        totals.value_high - cast(leaders.value_high as decimal(24, 6)) as competitors_high
    from leaders
    inner join {{ ref('int_month_totals') }} as totals using (month, scope, metric)
    inner join sets on sets.kind = 'rest'
),

compared as (
    select * from next_largest
    union all
    select * from named
    union all
    select * from rest
),

ratios as (
    select
        compared.*,
        compared.value / nullif(cast(compared.competitors as double), 0) as ratio,
        compared.value_low / nullif(cast(compared.competitors_high as double) + compared.unlisted_high, 0)
            as ratio_low,
        compared.value_high / nullif(cast(compared.competitors_low as double), 0) as ratio_high
    from compared
),

judged as (
    select
        ratios.*,
        case
            when ratios.ratio_low > 1 then 'ahead'
            when ratios.ratio_high < 1 then 'behind'
            else 'undecided'
        end as verdict
    from ratios
)

select
    judged.month,
    judged.unit_type,
    judged.unit as leader,
    judged.unit_name as leader_name,
    judged.scope,
    judged.attribution,
    case judged.metric when 'downloads' then 'counter' else 'window' end as basis,
    judged.competitor_set,
    judged.k,
    judged.members,
    judged.value as downloads,
    cast(judged.competitors as double) as competitor_downloads,
    judged.ratio,
    judged.ratio_low,
    judged.ratio_high,
    judged.verdict,
    case
        when min(judged.verdict) over same_size = max(judged.verdict) over same_size then judged.verdict
        else 'depends on the set'
    end as robust_verdict
from judged
window
    same_size as (
        partition by
            judged.month,
            judged.unit_type,
            judged.unit,
            judged.scope,
            judged.attribution,
            judged.metric,
            judged.k
    )
