with keyed as (
    select
        today.model_key as node_key,
        today.repo_id,
        true as is_known
    from {{ ref('today') }} as today
    union all
    select
        edges.parent_key as node_key,
        min(edges.parent_repo_id) as repo_id,
        false as is_known
    from {{ ref('edges') }} as edges
    where edges.parent_key < 0
    group by edges.parent_key
)

select
    keyed.node_key,
    keyed.is_known,
    names.owner_name,
    names.is_first_party,
    coalesce(names.brand, case when keyed.is_known then 'other' else 'unknown' end) as brand
from keyed
inner join {{ ref('names') }} as names on keyed.repo_id = names.repo_id
