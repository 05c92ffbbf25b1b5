-- Every distinct (descendant, ancestor).
with recursive pairs (node_key, ancestor_key) as (
    select
        edges.child_key,
        edges.parent_key
    from {{ ref('edges') }} as edges
    union
    select
        pairs.node_key,
        edges.parent_key
    from pairs
    inner join {{ ref('edges') }} as edges on pairs.ancestor_key = edges.child_key
)

select
    pairs.node_key,
    pairs.ancestor_key
from pairs
