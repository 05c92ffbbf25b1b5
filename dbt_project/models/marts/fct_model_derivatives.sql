{{
    config(
        materialized='incremental',
        renews="{{ superseded_months() }}", pre_hook="{{ adopt_ids('hub_id', 'held.as_of') }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('stg_ids_replaced') }}

with months as (
    select
        captures.month,
        captures.as_of
    from {{ ref('int_month_captures') }} as captures
    inner join {{ ref('stg_facts_due') }} as due on captures.as_of = due.date
),

parent_keys as (
    select distinct
        edges.date,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
),

parents as (
    select
        months.month,
        days.date,
        days.model_key,
        models.hub_id,
        names.repo_id,
        lower(days.publisher) as owner_name
    from months
    inner join parent_keys on months.as_of = parent_keys.date
    inner join
        {{ ref('int_model_days') }} as days
        on parent_keys.date = days.date and parent_keys.parent_key = days.model_key
    inner join
        {{ ref('stg_model_names') }} as names
        on days.model_key = names.model_key and {{ held_on('names', 'days.date', due_bound('min')) }}
    inner join {{ ref('stg_models') }} as models on days.model_key = models.model_key
),

-- Owners are compared for each of millions of pairs: by number.
owners as (
    select
        named.owner_name,
        row_number() over () as owner_key
    from (select distinct parents.owner_name from parents) as named
),

owned_parents as (
    select
        parents.date,
        parents.model_key,
        owners.owner_key
    from parents
    left join owners on parents.owner_name = owners.owner_name
),

children as (
    select
        derivatives.date,
        derivatives.child_key,
        derivatives.relation,
        derivatives.publisher,
        owners.owner_key,
        derivatives.created_on >= months.month as is_new,
        cast(round(1 / derivatives.parents, 12) as decimal(20, 12)) as part
    from months
    inner join {{ ref('int_derivatives') }} as derivatives on months.as_of = derivatives.date
    left join owners on derivatives.owner_name = owners.owner_name
    where derivatives.is_listed
),

-- Whose owner is not told is nobody's own.
direct as (
    select
        children.*,
        edges.parent_key,
        coalesce(children.owner_key = parents.owner_key, false) as is_internal
    from {{ ref('int_lineage_edges') }} as edges
    inner join children on edges.date = children.date and edges.child_key = children.child_key
    inner join
        owned_parents as parents
        on edges.date = parents.date and edges.parent_key = parents.model_key
),

-- A publisher once, before any other sum: how many distinct ones there are is then how many rows.
direct_publishers as (
    select
        direct.date,
        direct.parent_key,
        direct.relation,
        direct.publisher,
        count(*) filter (where not direct.is_internal) as direct,
        sum(direct.part) filter (where not direct.is_internal) as direct_fractional,
        count(*) filter (where direct.is_internal) as internal,
        count(*) filter (where not direct.is_internal and direct.is_new) as new
    from direct
    group by direct.date, direct.parent_key, direct.relation, direct.publisher
),

direct_counts as (
    select
        added.date,
        added.parent_key,
        added.relation,
        cast(sum(added.direct) as bigint) as direct,
        sum(added.direct_fractional) as direct_fractional,
        cast(sum(added.internal) as bigint) as internal,
        cast(sum(added.new) as bigint) as new,
        count(added.publisher) filter (where added.direct > 0) as publishers
    from (
        select direct_publishers.* from direct_publishers
        union all
        select
            direct_publishers.date,
            direct_publishers.parent_key,
            'any' as relation,
            direct_publishers.publisher,
            sum(direct_publishers.direct) as direct,
            sum(direct_publishers.direct_fractional) as direct_fractional,
            sum(direct_publishers.internal) as internal,
            sum(direct_publishers.new) as new
        from direct_publishers
        group by direct_publishers.date, direct_publishers.parent_key, direct_publishers.publisher
    ) as added
    group by added.date, added.parent_key, added.relation
),

-- An ancestor that is none of the parents goes with the last join: were it left out here, DuckDB would take
-- four million pairs for few and hash them in place of the children.
transitive_relations as (
    select
        pairs.date,
        pairs.ancestor_key as parent_key,
        children.relation,
        count(*) as transitive
    from {{ ref('int_lineage_pairs') }} as pairs
    inner join children on pairs.date = children.date and pairs.node_key = children.child_key
    left join
        owned_parents as parents
        on pairs.date = parents.date and pairs.ancestor_key = parents.model_key
    where
        pairs.node_key <> pairs.ancestor_key
        and not coalesce(children.owner_key = parents.owner_key, false)
    group by pairs.date, pairs.ancestor_key, children.relation
),

transitive_counts as (
    select transitive_relations.* from transitive_relations
    union all
    select
        transitive_relations.date,
        transitive_relations.parent_key,
        'any' as relation,
        cast(sum(transitive_relations.transitive) as bigint) as transitive
    from transitive_relations
    group by transitive_relations.date, transitive_relations.parent_key
),

counts as (
    select
        date,
        parent_key,
        relation,
        coalesce(direct_counts.direct, 0) as direct,
        coalesce(direct_counts.direct_fractional, 0) as direct_fractional,
        coalesce(transitive_counts.transitive, 0) as transitive,
        coalesce(direct_counts.internal, 0) as internal,
        coalesce(direct_counts.new, 0) as new,
        coalesce(direct_counts.publishers, 0) as publishers
    from direct_counts
    full join transitive_counts using (date, parent_key, relation)
)

select
    parents.month,
    counts.date as as_of,
    parents.hub_id,
    parents.repo_id,
    counts.relation,
    counts.direct,
    cast(counts.direct_fractional as double) as direct_fractional,
    counts.transitive,
    counts.internal,
    counts.new,
    counts.publishers
from counts
inner join parents on counts.date = parents.date and counts.parent_key = parents.model_key
