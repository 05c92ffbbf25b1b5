-- Most derivatives have one parent and are nobody's: what holds for their parent tells all about them, so
-- that only the others are followed step by step.
select
    edges.date,
    edges.child_key,
    min(edges.parent_key) as parent_key
from {{ ref('int_lineage_edges') }} as edges
where
    not exists (
        select 1
        from {{ ref('int_lineage_edges') }} as children
        where edges.date = children.date and edges.child_key = children.parent_key
    )
group by edges.date, edges.child_key
having count(*) = 1
