-- What is ranked on the dates that are due.
with listed as not materialized (
    select scoped.* from {{ ref('int_scope_days') }} as scoped
),

metrics as (
    select metrics.metric
    from (values ('downloads_30d'), ('downloads_all_time'), ('likes')) as metrics (metric)
),

-- Who cannot be among the first thousand needs no place, but for the whole Hub's downloads.
thresholds as (
    select
        listed.date,
        listed.scope,
        list_last(max(listed.downloads_30d, 1000)) as downloads_30d,
        list_last(max(listed.downloads_all_time, 1000)) as downloads_all_time,
        list_last(max(listed.likes, 1000)) as likes
    from listed
    group by listed.date, listed.scope
),

leading_models as (
    select
        listed.date,
        listed.scope,
        listed.model_key,
        listed.is_first_party,
        listed.downloads_all_time,
        case
            when listed.scope = 'all' or listed.downloads_30d >= thresholds.downloads_30d
                then listed.downloads_30d
        end as downloads_30d,
        case
            when listed.downloads_all_time >= thresholds.downloads_all_time
                then listed.downloads_all_time
        end as leading_all_time,
        case when listed.likes >= thresholds.likes then listed.likes end as likes
    from listed
    inner join thresholds on listed.date = thresholds.date and listed.scope = thresholds.scope
    where
        listed.likes >= thresholds.likes
        or listed.downloads_all_time >= thresholds.downloads_all_time
        or listed.downloads_30d >= thresholds.downloads_30d
        or (listed.scope = 'all' and listed.downloads_30d > 0)
),

children as (
    select
        edges.date,
        edges.parent_key,
        edges.child_key,
        parents.publisher,
        parent_accounts.company,
        parent_accounts.region,
        child_accounts.company as child_company
    from {{ ref('int_lineage_edges') }} as edges
    inner join
        {{ ref('int_model_days') }} as parents
        on edges.date = parents.date and edges.parent_key = parents.model_key
    inner join
        {{ ref('int_derivatives') }} as childs
        on edges.date = childs.date and edges.child_key = childs.child_key
    left join
        {{ ref('publishers') }} as parent_accounts
        on lower(parents.publisher) = parent_accounts.publisher
    left join
        {{ ref('publishers') }} as child_accounts
        on childs.owner_name = child_accounts.publisher
    -- Whose owner is not told is nobody's own.
    where
        parents.is_listed and childs.is_listed and coalesce(parents.publisher <> childs.publisher, true)
),

family_shares as (
    select
        shares.date,
        shares.scope,
        shares.attribution,
        shares.family,
        families.company,
        families.region,
        metrics.metric,
        case metrics.metric
            when 'downloads_30d' then shares.downloads
            else shares.downloads_all_time
        end as value
    from {{ ref('fct_family_share_daily') }} as shares
    cross join (values ('downloads_30d'), ('downloads_all_time')) as metrics (metric)
    inner join {{ ref('families') }} as families on shares.family = families.family
    where
        shares.basis = 'window'
        and shares.date in (select due.date from {{ ref('stg_facts_due') }} as due)
),

-- Few accounts, many models: added up before anything else.
accounts as (
    select
        added.*,
        publishers.publisher is not null as is_known,
        publishers.company,
        nullif(publishers.region, 'unknown') as region
    from
        (
            select
                listed.date,
                listed.scope,
                listed.publisher,
                -- Their downloads come with the other attributions.
                case when listed.is_first_party then listed.brand end as family,
                sum(listed.downloads_30d) as downloads_30d,
                sum(listed.downloads_all_time) as downloads_all_time,
                sum(listed.likes) as likes
            from listed
            group by listed.date, listed.scope, listed.publisher, family
        ) as added
    left join {{ ref('publishers') }} as publishers on lower(added.publisher) = publishers.publisher
),

account_values as (
    select
        added.*,
        metrics.metric,
        case metrics.metric
            when 'downloads_30d' then added.downloads_30d
            when 'downloads_all_time' then added.downloads_all_time
            else added.likes
        end as value
    from
        (
            select
                accounts.date,
                accounts.scope,
                accounts.publisher,
                any_value(accounts.is_known) as is_known,
                sum(accounts.downloads_30d) as downloads_30d,
                sum(accounts.downloads_all_time) as downloads_all_time,
                sum(accounts.likes) as likes
            from accounts
            where accounts.publisher is not null
            group by accounts.date, accounts.scope, accounts.publisher
        ) as added
    cross join metrics
),

account_thresholds as (
    select
        account_values.date,
        account_values.scope,
        account_values.metric,
        list_last(max(account_values.value, 1000)) as value
    from account_values
    group by account_values.date, account_values.scope, account_values.metric
),

unit_values as (
    select
        leading_values.date,
        'model' as unit_type,
        leading_values.model_key,
        -- A million models, of which int_ranks names the few that keep a place.
        null as unit,
        null as unit_name,
        leading_values.scope,
        'publisher' as attribution,
        leading_values.metric,
        leading_values.value,
        leading_values.downloads_all_time as tie_break,
        leading_values.is_first_party
    from
        (
            select
                leading_models.*,
                metrics.metric,
                case metrics.metric
                    when 'downloads_30d' then leading_models.downloads_30d
                    when 'downloads_all_time' then leading_models.leading_all_time
                    else leading_models.likes
                end as value
            from leading_models
            cross join metrics
        ) as leading_values
    where leading_values.value > 0
    union all
    select
        account_values.date,
        'publisher' as unit_type,
        null as model_key,
        account_values.publisher as unit,
        account_values.publisher as unit_name,
        account_values.scope,
        'publisher' as attribution,
        account_values.metric,
        account_values.value,
        account_values.downloads_all_time as tie_break,
        false as is_first_party
    from account_values
    inner join account_thresholds using (date, scope, metric)
    where account_values.is_known or account_values.value >= account_thresholds.value
    union all
    select
        accounts.date,
        units.unit_type,
        null as model_key,
        units.unit,
        units.unit as unit_name,
        accounts.scope,
        'publisher' as attribution,
        metrics.metric,
        sum(
            case metrics.metric
                when 'downloads_30d' then accounts.downloads_30d
                when 'downloads_all_time' then accounts.downloads_all_time
                else accounts.likes
            end
        ) as value,
        sum(accounts.downloads_all_time) as tie_break,
        false as is_first_party
    from accounts
    cross join metrics
    inner join lateral (
        values
        ('company', accounts.company),
        ('region', accounts.region),
        ('family', case when metrics.metric = 'likes' then accounts.family end)
    ) as units (unit_type, unit) on units.unit is not null
    where accounts.is_known or accounts.family is not null
    group by accounts.date, units.unit_type, units.unit, accounts.scope, metrics.metric
    union all
    select
        family_shares.date,
        'family' as unit_type,
        null as model_key,
        family_shares.family as unit,
        family_shares.family as unit_name,
        family_shares.scope,
        family_shares.attribution,
        family_shares.metric,
        family_shares.value,
        null as tie_break,
        false as is_first_party
    from family_shares
    union all
    select
        family_shares.date,
        units.unit_type,
        null as model_key,
        units.unit,
        units.unit as unit_name,
        family_shares.scope,
        family_shares.attribution,
        family_shares.metric,
        sum(cast(family_shares.value as decimal(24, 6))) as value,
        null as tie_break,
        false as is_first_party
    from family_shares
    inner join lateral (
        values ('company', family_shares.company), ('region', nullif(family_shares.region, 'unknown'))
    ) as units (unit_type, unit) on units.unit is not null
    where family_shares.attribution <> 'publisher'
    group by
        family_shares.date,
        units.unit_type,
        units.unit,
        family_shares.scope,
        family_shares.attribution,
        family_shares.metric
    union all
    select
        children.date,
        'model' as unit_type,
        children.parent_key as model_key,
        null as unit,
        null as unit_name,
        'all' as scope,
        'publisher' as attribution,
        'derivatives' as metric,
        count(*) as value,
        null as tie_break,
        false as is_first_party
    from children
    group by children.date, children.parent_key
    union all
    select
        children.date,
        'publisher' as unit_type,
        null as model_key,
        children.publisher as unit,
        children.publisher as unit_name,
        'all' as scope,
        'publisher' as attribution,
        'derivatives' as metric,
        count(distinct children.child_key) as value,
        null as tie_break,
        false as is_first_party
    from children
    where children.publisher is not null
    group by children.date, children.publisher
    union all
    select
        children.date,
        units.unit_type,
        null as model_key,
        units.unit,
        units.unit as unit_name,
        'all' as scope,
        'publisher' as attribution,
        'derivatives' as metric,
        count(distinct children.child_key) as value,
        null as tie_break,
        false as is_first_party
    from children
    inner join lateral (
        values ('company', children.company), ('region', nullif(children.region, 'unknown'))
    ) as units (unit_type, unit) on units.unit is not null
    where children.company is distinct from children.child_company
    group by children.date, units.unit_type, units.unit
    union all
    select
        counts.date,
        'family' as unit_type,
        null as model_key,
        counts.family as unit,
        counts.family as unit_name,
        'all' as scope,
        'publisher' as attribution,
        'derivatives' as metric,
        counts.direct as value,
        null as tie_break,
        false as is_first_party
    from {{ ref('fct_derivative_counts') }} as counts
    where
        counts.relation = 'any'
        and counts.date in (select due.date from {{ ref('stg_facts_due') }} as due)
)

select
    unit_values.date,
    unit_values.unit_type,
    cast(unit_values.model_key as integer) as model_key,
    unit_values.date as as_of,
    unit_values.unit,
    unit_values.unit_name,
    unit_values.scope,
    unit_values.attribution,
    unit_values.metric,
    cast(unit_values.value as double) as value,
    cast(unit_values.tie_break as double) as tie_break,
    unit_values.is_first_party
from unit_values
where unit_values.value > 0
