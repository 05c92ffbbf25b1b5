-- Every distinct (descendant, ancestor). UNION without a depth column is the form that stays right on
-- cycles: a depth guard loses pairs and a key on the pair loses ancestors.
with recursive pairs (date, node_key, ancestor_key) as (
    select
        edges.date,
        edges.child_key,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
    union -- noqa: AM02
    select
        pairs.date,
        pairs.node_key,
        edges.parent_key
    from pairs
    inner join
        {{ ref('int_lineage_edges') }} as edges
        on pairs.date = edges.date and pairs.ancestor_key = edges.child_key
)

select
    pairs.date,
    pairs.node_key,
    pairs.ancestor_key
from pairs
