-- What is ranked in the months that this run computes.
with flows as (
    select
        scoped.*,
        publishers.company,
        publishers.region
    from {{ ref('int_flow_scoped') }} as scoped
    left join {{ ref('publishers') }} as publishers on lower(scoped.publisher) = publishers.publisher
),

family_shares as (
    select
        shares.*,
        families.company,
        families.region
    from {{ ref('fct_family_share_monthly') }} as shares
    inner join {{ ref('families') }} as families on shares.family = families.family
    where
        shares.variant = 'raw'
        and shares.month in (select months.month from {{ ref('int_flow_months') }} as months)
),

unit_values as (
    select
        flows.month,
        'model' as unit_type,
        flows.hub_id as unit,
        arg_max(flows.repo_id, flows.as_of) as unit_name,
        flows.scope,
        'publisher' as attribution,
        flows.basis,
        sum(flows.downloads) as value,
        sum(flows.downloads_low) as value_low,
        sum(flows.downloads_high) as value_high
    from flows
    group by flows.month, flows.hub_id, flows.scope, flows.basis
    union all
    select
        flows.month,
        units.unit_type,
        units.unit,
        units.unit as unit_name,
        flows.scope,
        'publisher' as attribution,
        flows.basis,
        sum(flows.value) as value,
        sum(flows.value_low) as value_low,
        sum(flows.value_high) as value_high
    from
        (
            -- Few publishers, many models: added up before anything else.
            select
                flows.month,
                flows.scope,
                flows.basis,
                flows.publisher,
                any_value(flows.company) as company,
                any_value(flows.region) as region,
                sum(flows.downloads) as value,
                sum(flows.downloads_low) as value_low,
                sum(flows.downloads_high) as value_high
            from flows
            group by flows.month, flows.scope, flows.basis, flows.publisher
        ) as flows
    inner join lateral (
        values
        ('publisher', flows.publisher),
        ('company', flows.company),
        ('region', nullif(flows.region, 'unknown'))
    ) as units (unit_type, unit) on units.unit is not null
    group by flows.month, units.unit_type, units.unit, flows.scope, flows.basis
    union all
    select
        family_shares.month,
        'family' as unit_type,
        family_shares.family as unit,
        family_shares.family as unit_name,
        family_shares.scope,
        family_shares.attribution,
        family_shares.basis,
        family_shares.downloads as value,
        family_shares.downloads_low as value_low,
        family_shares.downloads_high as value_high
    from family_shares
    union all
    select
        family_shares.month,
        units.unit_type,
        units.unit,
        units.unit as unit_name,
        family_shares.scope,
        family_shares.attribution,
        family_shares.basis,
        sum(cast(family_shares.downloads as decimal(24, 6))) as value,
        sum(cast(family_shares.downloads_low as decimal(24, 6))) as value_low,
        sum(cast(family_shares.downloads_high as decimal(24, 6))) as value_high
    from family_shares
    inner join lateral (
        values ('company', family_shares.company), ('region', nullif(family_shares.region, 'unknown'))
    ) as units (unit_type, unit) on units.unit is not null
    where family_shares.attribution <> 'publisher'
    group by
        family_shares.month,
        units.unit_type,
        units.unit,
        family_shares.scope,
        family_shares.attribution,
        family_shares.basis
)

select
    unit_values.month,
    unit_values.unit_type,
    unit_values.unit,
    unit_values.unit_name,
    unit_values.scope,
    unit_values.attribution,
    case unit_values.basis when 'counter' then 'downloads' else 'downloads_window' end as metric,
    cast(unit_values.value as double) as value,
    cast(coalesce(unit_values.value_low, unit_values.value) as double) as value_low,
    cast(coalesce(unit_values.value_high, unit_values.value) as double) as value_high
from unit_values
where unit_values.value > 0
