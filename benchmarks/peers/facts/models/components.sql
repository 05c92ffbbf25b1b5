-- Nodes of a cycle count together.
with cyclic as (
    select pairs.node_key
    from {{ ref('pairs') }} as pairs
    where pairs.node_key = pairs.ancestor_key
),

inside as (
    select pairs.*
    from {{ ref('pairs') }} as pairs
    semi join cyclic on pairs.node_key = cyclic.node_key
    semi join cyclic as ancestors on pairs.ancestor_key = ancestors.node_key
)

select
    forth.node_key,
    min(forth.ancestor_key) as component_key
from inside as forth
inner join
    inside as back
    on forth.node_key = back.ancestor_key and forth.ancestor_key = back.node_key
group by forth.node_key
