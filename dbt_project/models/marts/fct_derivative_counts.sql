{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='date',
        on_schema_change='fail', pre_hook="{{ forget_renewed('date') }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}

with first_party as (
    select
        nodes.date,
        nodes.node_key,
        nodes.brand as family
    from {{ ref('int_lineage_nodes') }} as nodes
    where nodes.is_first_party
),

edges as (
    select
        edges.*,
        count(*) over (partition by edges.date, edges.child_key) as parents,
        min(edges.relation) over (partition by edges.date, edges.child_key) as child_relation
    from {{ ref('int_lineage_edges') }} as edges
),

children as (
    select
        days.date,
        days.model_key,
        days.publisher,
        days.created_on,
        days.is_listed,
        lower(days.publisher) as owner_name
    from {{ ref('int_model_days') }} as days
),

owners as (
    select
        families.family,
        unnest(string_split(families.publishers, ';')) as owner_name
    from {{ ref('families') }} as families
),

direct_children as (
    select
        edges.date,
        first_party.family,
        edges.child_key,
        edges.child_relation as relation,
        cast(round(count(*) / any_value(edges.parents), 12) as decimal(20, 12)) as part
    from edges
    inner join
        first_party
        on edges.date = first_party.date and edges.parent_key = first_party.node_key
    group by edges.date, first_party.family, edges.child_key, edges.child_relation
),

direct as (
    select
        direct_children.*,
        children.publisher,
        children.created_on,
        children.is_listed,
        owners.owner_name is not null as is_internal
    from direct_children
    inner join
        children
        on direct_children.date = children.date and direct_children.child_key = children.model_key
    left join
        owners
        on direct_children.family = owners.family and children.owner_name = owners.owner_name
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

relations_of as (
    select distinct
        edges.date,
        edges.child_key,
        edges.child_relation as relation
    from edges
),

transitive as (
    select
        descendants.date,
        descendants.family,
        relations_of.relation
    from descendants
    inner join
        children
        on descendants.date = children.date and descendants.node_key = children.model_key
    inner join
        relations_of
        on descendants.date = relations_of.date and descendants.node_key = relations_of.child_key
    left join
        owners
        on descendants.family = owners.family and children.owner_name = owners.owner_name
    where children.is_listed and owners.owner_name is null
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
        families.family,
        relations.relation
    from {{ ref('stg_facts_due') }} as due
    cross join {{ ref('families') }} as families
    cross join relations
),

direct_counts as (
    select
        grain.date,
        grain.family,
        grain.relation,
        count(*) filter (where direct.is_listed and not direct.is_internal) as direct,
        sum(direct.part) filter (where direct.is_listed and not direct.is_internal)
            as direct_fractional,
        count(*) filter (where direct.is_listed and direct.is_internal) as internal,
        count(*) filter (
            where direct.is_listed and not direct.is_internal
            and direct.created_on between direct.date - 29 and direct.date
        ) as new_30d,
        count(*) filter (where not direct.is_listed and not direct.is_internal) as gone,
        count(distinct direct.publisher) filter (where direct.is_listed and not direct.is_internal)
            as publishers
    from grain
    inner join
        direct
        on
            grain.date = direct.date
            and grain.family = direct.family
            and grain.relation in ('any', direct.relation)
    group by grain.date, grain.family, grain.relation
),

transitive_counts as (
    select
        grain.date,
        grain.family,
        grain.relation,
        count(*) as transitive
    from grain
    inner join
        transitive
        on
            grain.date = transitive.date
            and grain.family = transitive.family
            and grain.relation in ('any', transitive.relation)
    group by grain.date, grain.family, grain.relation
)

select
    grain.date,
    grain.family,
    grain.relation,
    coalesce(direct_counts.direct, 0) as direct,
    cast(coalesce(direct_counts.direct_fractional, 0) as double) as direct_fractional,
    coalesce(transitive_counts.transitive, 0) as transitive,
    coalesce(direct_counts.internal, 0) as internal,
    coalesce(direct_counts.new_30d, 0) as new_30d,
    coalesce(direct_counts.gone, 0) as gone,
    coalesce(direct_counts.publishers, 0) as publishers
from grain
left join direct_counts using (date, family, relation)
left join transitive_counts using (date, family, relation)
