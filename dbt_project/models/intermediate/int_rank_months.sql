-- What is ranked in the months that this run computes.
with flows as not materialized (
    select scoped.* from {{ ref('int_flow_scoped') }} as scoped
),

-- Nearly all were the same thing all month, and have one row in it.
parted as (
    select distinct
        flows.month,
        flows.basis,
        flows.model_key
    from flows
    where not flows.is_last
),

model_flows as (
    select
        flows.month,
        flows.model_key,
        flows.as_of,
        flows.scope,
        flows.basis,
        flows.downloads as value,
        flows.downloads_low as value_low,
        flows.downloads_high as value_high
    from flows
    anti join parted using (month, basis, model_key)
    union all
    select
        flows.month,
        flows.model_key,
        max(flows.as_of) as as_of,
        flows.scope,
        flows.basis,
        sum(flows.downloads) as value,
        sum(flows.downloads_low) as value_low,
        sum(flows.downloads_high) as value_high
    from flows
    semi join parted using (month, basis, model_key)
    group by flows.month, flows.model_key, flows.scope, flows.basis
),

-- Few accounts, many models: added up before anything else.
account_flows as (
    select
        added.*,
        publishers.company,
        nullif(publishers.region, 'unknown') as region
    from
        (
            select
                flows.month,
                flows.scope,
                flows.basis,
                flows.publisher,
                sum(flows.downloads) as value,
                sum(flows.downloads_low) as value_low,
                sum(flows.downloads_high) as value_high
            from flows
            where flows.publisher is not null
            group by flows.month, flows.scope, flows.basis, flows.publisher
        ) as added
    left join {{ ref('publishers') }} as publishers on lower(added.publisher) = publishers.publisher
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
        model_flows.month,
        'model' as unit_type,
        model_flows.model_key,
        model_flows.as_of,
        -- Millions, of which few are shown: those are named then.
        null as unit,
        null as unit_name,
        model_flows.scope,
        'publisher' as attribution,
        model_flows.basis,
        model_flows.value,
        model_flows.value_low,
        model_flows.value_high
    from model_flows
    union all
    select
        account_flows.month,
        'publisher' as unit_type,
        null as model_key,
        null as as_of,
        account_flows.publisher as unit,
        account_flows.publisher as unit_name,
        account_flows.scope,
        'publisher' as attribution,
        account_flows.basis,
        account_flows.value,
        account_flows.value_low,
        account_flows.value_high
    from account_flows
    union all
    select
        account_flows.month,
        units.unit_type,
        null as model_key,
        null as as_of,
        units.unit,
        units.unit as unit_name,
        account_flows.scope,
        'publisher' as attribution,
        account_flows.basis,
        sum(account_flows.value) as value,
        sum(account_flows.value_low) as value_low,
        sum(account_flows.value_high) as value_high
    from account_flows
    inner join lateral (
        values ('company', account_flows.company), ('region', account_flows.region)
    ) as units (unit_type, unit) on units.unit is not null
    group by account_flows.month, units.unit_type, units.unit, account_flows.scope, account_flows.basis
    union all
    select
        family_shares.month,
        'family' as unit_type,
        null as model_key,
        null as as_of,
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
        null as model_key,
        null as as_of,
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
    cast(unit_values.model_key as integer) as model_key,
    unit_values.as_of,
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
