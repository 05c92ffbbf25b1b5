{{ config(materialized='incremental', renews="{{ renewed_dates('date') }}") }}

-- depends_on: {{ ref('stg_dates_renewed') }}

with own as (
    select
        nodes.date,
        nodes.node_key as model_key,
        nodes.brand as family
    from {{ ref('int_lineage_nodes') }} as nodes
    where nodes.is_known
),

inherited as (
    select
        pairs.date,
        pairs.node_key as model_key,
        nodes.brand as family
    from {{ ref('int_lineage_pairs') }} as pairs
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on pairs.date = nodes.date and pairs.ancestor_key = nodes.node_key
    where nodes.brand <> 'other'
),

tracked as (
    select own.* from own
    where own.family <> 'other'
    union
    select inherited.* from inherited
    where inherited.family <> 'unknown'
),

unknown as (
    select distinct
        inherited.date,
        inherited.model_key,
        inherited.family
    from inherited
    where inherited.family = 'unknown'
),

-- What counts for no family is the rest, once: unknown where an ancestor is.
memberships as (
    select tracked.* from tracked
    union all
    select
        own.date,
        own.model_key,
        coalesce(unknown.family, own.family) as family
    from own
    left join unknown on own.date = unknown.date and own.model_key = unknown.model_key
    where
        own.family = 'other'
        and not exists (
            select 1 from tracked
            where own.date = tracked.date and own.model_key = tracked.model_key
        )
),

counts as (
    select
        scoped.date,
        scoped.scope,
        memberships.family,
        sum(scoped.downloads_30d) as downloads_inclusive,
        count(*) as models
    from {{ ref('int_scope_days') }} as scoped
    inner join
        memberships
        on scoped.date = memberships.date and scoped.model_key = memberships.model_key
    group by scoped.date, scoped.scope, memberships.family
),

scope_dates as (
    select distinct
        counts.date,
        counts.scope
    from counts
)

select
    scope_dates.date,
    scope_dates.scope,
    families.family,
    cast(coalesce(counts.downloads_inclusive, 0) as bigint) as downloads_inclusive,
    coalesce(counts.models, 0) as models
from scope_dates
cross join {{ ref('dim_family') }} as families
left join
    counts
    on
        scope_dates.date = counts.date
        and scope_dates.scope = counts.scope
        and families.family = counts.family
