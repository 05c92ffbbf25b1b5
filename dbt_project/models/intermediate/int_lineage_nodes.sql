with nodes as (
    select
        days.date,
        days.model_key as node_key,
        days.repo_id,
        days.publisher,
        true as is_known
    from {{ ref('int_model_days') }} as days
    union all
    select
        edges.date,
        edges.parent_key as node_key,
        min(edges.parent_repo_id) as repo_id,
        null as publisher,
        false as is_known
    from {{ ref('int_lineage_edges') }} as edges
    where edges.parent_key < 0
    group by edges.date, edges.parent_key
)

select
    nodes.date,
    nodes.node_key,
    nodes.publisher,
    nodes.is_known,
    coalesce(names.is_first_party, false) as is_first_party,
    coalesce(names.is_anchor, false) as is_anchor,
    coalesce(names.brand, case when nodes.is_known then 'other' else 'unknown' end) as brand
from nodes
left join {{ ref('int_repo_names') }} as names on nodes.repo_id = names.repo_id
