-- Nodes of a cycle count together: they share the smallest of their keys. A node whose brand is its own
-- publisher's declares no parents under anchor, which may open a cycle.
with recursive cyclic as (
    select
        pairs.date,
        pairs.node_key
    from {{ ref('int_lineage_pairs') }} as pairs
    where pairs.node_key = pairs.ancestor_key
),

inner_edges as (
    select
        attributions.attribution,
        edges.date,
        edges.child_key,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
    inner join
        cyclic as children
        on edges.date = children.date and edges.child_key = children.node_key
    inner join
        cyclic as parents
        on edges.date = parents.date and edges.parent_key = parents.node_key
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on edges.date = nodes.date and edges.child_key = nodes.node_key
    cross join (values ('root'), ('anchor')) as attributions (attribution)
    where attributions.attribution = 'root' or not nodes.is_anchor
),

reach (attribution, date, node_key, ancestor_key) as (
    select
        inner_edges.attribution,
        inner_edges.date,
        inner_edges.child_key,
        inner_edges.parent_key
    from inner_edges
    union -- noqa: AM02
    select
        reach.attribution,
        reach.date,
        reach.node_key,
        inner_edges.parent_key
    from reach
    inner join
        inner_edges
        on
            reach.attribution = inner_edges.attribution
            and reach.date = inner_edges.date
            and reach.ancestor_key = inner_edges.child_key
)

select
    forth.attribution,
    forth.date,
    forth.node_key,
    min(forth.ancestor_key) as component_key
from reach as forth
inner join
    reach as back
    on
        forth.attribution = back.attribution
        and forth.date = back.date
        and forth.node_key = back.ancestor_key
        and forth.ancestor_key = back.node_key
group by forth.attribution, forth.date, forth.node_key
