-- Most derivatives declare one parent, and nobody or only such childless ones descend from them: what holds
-- for their parent, or for its, tells all about them, so that only the others are followed step by step.
with plain as (
    select
        edges.date,
        edges.child_key,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
    where edges.is_only
),

-- Whose brand is its own publisher's declares no parents under anchor: its children have another end there.
anchors as (
    select
        days.date,
        days.model_key
    from {{ ref('int_model_days') }} as days
    where days.is_anchor
),

climbing as (
    select plain.* from plain
    anti join anchors on plain.date = anchors.date and plain.child_key = anchors.model_key
),

leaves as (
    select climbing.* from climbing
    anti join
        {{ ref('int_lineage_edges') }} as children
        on climbing.date = children.date and climbing.child_key = children.parent_key
),

bearing as (
    select distinct
        edges.date,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
    anti join leaves on edges.date = leaves.date and edges.child_key = leaves.child_key
),

ends as (
    select climbing.* from climbing
    anti join bearing on climbing.date = bearing.date and climbing.child_key = bearing.parent_key
)

select
    ends.date,
    ends.child_key,
    ends.parent_key,
    coalesce(above.parent_key, ends.parent_key) as stem_key
from ends
left join ends as above on ends.date = above.date and ends.parent_key = above.child_key
