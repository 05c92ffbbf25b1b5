{{ config(materialized='incremental', renews="{{ renewed_dates('date') }}") }}

-- depends_on: {{ ref('stg_dates_renewed') }}

with first_party as (
    select
        nodes.date,
        nodes.node_key,
        nodes.brand as family
    from {{ ref('int_lineage_nodes') }} as nodes
    where nodes.is_first_party
),

owners as (
    select
        families.family,
        unnest(string_split(families.publishers, ';')) as owner_name
    from {{ ref('families') }} as families
),

parts as (
    select
        edges.date,
        first_party.family,
        edges.child_key,
        count(*) as parents
    from {{ ref('int_lineage_edges') }} as edges
    inner join
        first_party
        on edges.date = first_party.date and edges.parent_key = first_party.node_key
    group by edges.date, first_party.family, edges.child_key
),

-- Fractions as decimals: their sum must not depend on its order.
direct as (
    select
        parts.date,
        parts.family,
        children.relation,
        children.publisher,
        children.is_gone and owners.owner_name is null as is_gone,
        children.is_listed and owners.owner_name is not null as is_internal,
        children.is_listed and owners.owner_name is null as is_direct,
        children.created_on between parts.date - 29 and parts.date as is_new,
        coalesce(children.downloads_all_time > 5, false) as is_over_5,
        cast(round(parts.parents / children.parents, 12) as decimal(20, 12)) as part
    from parts
    inner join
        {{ ref('int_derivatives') }} as children
        on parts.date = children.date and parts.child_key = children.child_key
    left join
        owners
        on parts.family = owners.family and children.owner_name = owners.owner_name
),

direct_counts as (
    select
        direct.date,
        direct.family,
        coalesce(direct.relation, 'any') as relation,
        count(*) filter (where direct.is_direct) as direct,
        sum(direct.part) filter (where direct.is_direct) as direct_fractional,
        count(*) filter (where direct.is_direct and direct.is_over_5) as direct_over_5,
        count(*) filter (where direct.is_internal) as internal,
        count(*) filter (where direct.is_direct and direct.is_new) as new_30d,
        count(*) filter (where direct.is_gone) as gone
    from direct
    group by grouping sets (
        (direct.date, direct.family, direct.relation),
        (direct.date, direct.family)
    )
),

published as (
    select
        direct.date,
        direct.family,
        direct.publisher,
        coalesce(direct.relation, 'any') as relation,
        count(*) as models
    from direct
    where direct.is_direct and direct.publisher is not null
    group by grouping sets (
        (direct.date, direct.family, direct.publisher, direct.relation),
        (direct.date, direct.family, direct.publisher)
    )
),

publisher_counts as (
    select
        published.date,
        published.family,
        published.relation,
        count(*) as publishers,
        max(published.models) as top_models
    from published
    group by published.date, published.family, published.relation
),

descendants as (
    select distinct
        pairs.date,
        first_party.family,
        pairs.node_key
    from {{ ref('int_lineage_pairs') }} as pairs
    inner join
        first_party
        on pairs.date = first_party.date and pairs.ancestor_key = first_party.node_key
),

transitive_counts as (
    select
        descendants.date,
        descendants.family,
        coalesce(children.relation, 'any') as relation,
        count(*) as transitive
    from descendants
    inner join
        {{ ref('int_derivatives') }} as children
        on descendants.date = children.date and descendants.node_key = children.child_key
    left join
        owners
        on descendants.family = owners.family and children.owner_name = owners.owner_name
    where children.is_listed and owners.owner_name is null
    group by grouping sets (
        (descendants.date, descendants.family, children.relation),
        (descendants.date, descendants.family)
    )
),

relations as (
    select relations.relation
    from
        (values ('finetune'), ('adapter'), ('quantized'), ('merge'), ('unknown'), ('any'))
            as relations (relation)
),

grain as (
    select
        due.date,
        captures.has_all_time,
        families.family,
        relations.relation
    from {{ ref('stg_facts_due') }} as due
    inner join {{ ref('stg_captures') }} as captures on due.date = captures.date
    cross join {{ ref('families') }} as families
    cross join relations
)

select
    grain.date,
    grain.family,
    grain.relation,
    coalesce(direct_counts.direct, 0) as direct,
    cast(coalesce(direct_counts.direct_fractional, 0) as double) as direct_fractional,
    case when grain.has_all_time then coalesce(direct_counts.direct_over_5, 0) end as direct_over_5,
    coalesce(transitive_counts.transitive, 0) as transitive,
    coalesce(direct_counts.internal, 0) as internal,
    coalesce(direct_counts.new_30d, 0) as new_30d,
    coalesce(direct_counts.gone, 0) as gone,
    coalesce(publisher_counts.publishers, 0) as publishers,
    coalesce(publisher_counts.top_models, 0) / nullif(direct_counts.direct, 0) as top_publisher_share
from grain
left join direct_counts using (date, family, relation)
left join publisher_counts using (date, family, relation)
left join transitive_counts using (date, family, relation)
