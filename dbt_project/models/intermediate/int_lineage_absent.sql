select
    absent.date,
    absent.parent_key as node_key,
    coalesce(names.brand, 'unknown') as brand,
    coalesce(names.is_first_party, false) as is_first_party,
    coalesce(names.is_anchor, false) as is_anchor
from
    (
        select
            edges.date,
            edges.parent_key,
            min(edges.parent_repo_id) as repo_id
        from {{ ref('int_lineage_edges') }} as edges
        where edges.parent_key < 0
        group by edges.date, edges.parent_key
    ) as absent
left join {{ ref('int_repo_names') }} as names on absent.repo_id = names.repo_id
