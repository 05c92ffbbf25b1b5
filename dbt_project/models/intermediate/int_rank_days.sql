-- What is ranked on the dates that are due.
with listed as (
    select
        scoped.date,
        scoped.scope,
        models.hub_id,
        days.repo_id,
        days.publisher,
        publishers.company,
        publishers.region,
        nodes.is_first_party,
        nodes.brand,
        scoped.downloads_30d,
        scoped.downloads_all_time,
        days.likes
    from {{ ref('int_scope_days') }} as scoped
    inner join
        {{ ref('int_model_days') }} as days
        on scoped.date = days.date and scoped.model_key = days.model_key
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on scoped.date = nodes.date and scoped.model_key = nodes.node_key
    inner join {{ ref('stg_models') }} as models on scoped.model_key = models.model_key
    left join {{ ref('publishers') }} as publishers on lower(days.publisher) = publishers.publisher
),

model_metrics as (
    select
        listed.date,
        listed.scope,
        listed.hub_id,
        listed.repo_id,
        listed.is_first_party,
        listed.downloads_all_time,
        metrics.metric,
        case metrics.metric
            when 'downloads_30d' then listed.downloads_30d
            when 'downloads_all_time' then listed.downloads_all_time
            else listed.likes
        end as value
    from listed
    cross join (values ('downloads_30d'), ('downloads_all_time'), ('likes')) as metrics (metric)
),

-- Who cannot be among the first thousand needs no place, but for the whole Hub's downloads.
thresholds as (
    select
        model_metrics.date,
        model_metrics.scope,
        model_metrics.metric,
        list_last(max(model_metrics.value, 1000)) as value
    from model_metrics
    group by model_metrics.date, model_metrics.scope, model_metrics.metric
),

children as (
    select
        edges.date,
        edges.parent_key,
        edges.child_key,
        parents.publisher,
        parents.repo_id,
        parent_accounts.company,
        parent_accounts.region,
        childs.publisher as child_publisher,
        child_accounts.company as child_company
    from {{ ref('int_lineage_edges') }} as edges
    inner join
        {{ ref('int_model_days') }} as parents
        on edges.date = parents.date and edges.parent_key = parents.model_key
    inner join
        {{ ref('int_model_days') }} as childs
        on edges.date = childs.date and edges.child_key = childs.model_key
    left join
        {{ ref('publishers') }} as parent_accounts
        on lower(parents.publisher) = parent_accounts.publisher
    left join
        {{ ref('publishers') }} as child_accounts
        on lower(childs.publisher) = child_accounts.publisher
    where parents.is_listed and childs.is_listed and parents.publisher is distinct from childs.publisher
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

unit_values as (
    select
        model_metrics.date,
        'model' as unit_type,
        model_metrics.hub_id as unit,
        model_metrics.repo_id as unit_name,
        model_metrics.scope,
        'publisher' as attribution,
        model_metrics.metric,
        model_metrics.value,
        model_metrics.downloads_all_time as tie_break,
        model_metrics.is_first_party
    from model_metrics
    inner join
        thresholds
        on
            model_metrics.date = thresholds.date
            and model_metrics.scope = thresholds.scope
            and model_metrics.metric = thresholds.metric
    where
        model_metrics.value >= thresholds.value
        or (model_metrics.scope = 'all' and model_metrics.metric = 'downloads_30d')
    union all
    select
        listed.date,
        units.unit_type,
        units.unit,
        units.unit as unit_name,
        listed.scope,
        'publisher' as attribution,
        metrics.metric,
        sum(
            case metrics.metric
                when 'downloads_30d' then listed.downloads_30d
                when 'downloads_all_time' then listed.downloads_all_time
                else listed.likes
            end
        ) as value,
        sum(listed.downloads_all_time) as tie_break,
        false as is_first_party
    from
        (
            -- Few publishers, many models: added up before anything else.
            select
                listed.date,
                listed.scope,
                listed.publisher,
                any_value(listed.company) as company,
                any_value(listed.region) as region,
                case when listed.is_first_party then listed.brand end as family,
                sum(listed.downloads_30d) as downloads_30d,
                sum(listed.downloads_all_time) as downloads_all_time,
                sum(listed.likes) as likes
            from listed
            group by listed.date, listed.scope, listed.publisher, family
        ) as listed
    cross join (values ('downloads_30d'), ('downloads_all_time'), ('likes')) as metrics (metric)
    inner join lateral (
        values
        ('publisher', listed.publisher),
        ('company', listed.company),
        ('region', nullif(listed.region, 'unknown')),
        -- Their downloads come with the other attributions.
        ('family', case when metrics.metric = 'likes' then listed.family end)
    ) as units (unit_type, unit) on units.unit is not null
    group by listed.date, units.unit_type, units.unit, listed.scope, metrics.metric
    union all
    select
        family_shares.date,
        'family' as unit_type,
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
        models.hub_id as unit,
        any_value(children.repo_id) as unit_name,
        'all' as scope,
        'publisher' as attribution,
        'derivatives' as metric,
        count(*) as value,
        null as tie_break,
        false as is_first_party
    from children
    inner join {{ ref('stg_models') }} as models on children.parent_key = models.model_key
    group by children.date, models.hub_id
    union all
    select
        children.date,
        'publisher' as unit_type,
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
