with recursive climbed (hub_id, ancestor_hub_id, ancestor_repo_id, depth) as (
    select distinct
        entries.hub_id,
        parents.parent_hub_id,
        parents.parent_repo_id,
        1 as depth
    from {{ ref('int_exposure_entries') }} as entries
    inner join {{ ref('bridge_model_parent') }} as parents on entries.hub_id = parents.hub_id
    where {{ has_inventories() }}
    union
    select
        climbed.hub_id,
        parents.parent_hub_id,
        parents.parent_repo_id,
        climbed.depth + 1 as depth
    from climbed
    inner join {{ ref('bridge_model_parent') }} as parents on climbed.ancestor_hub_id = parents.hub_id
    -- A cycle goes round until here.
    where climbed.depth < 30 and {{ has_inventories() }}
),

nearest as (
    select
        climbed.hub_id,
        climbed.ancestor_hub_id,
        climbed.ancestor_repo_id,
        min(climbed.depth) as depth
    from climbed
    where climbed.ancestor_hub_id is distinct from climbed.hub_id
    group by all
)

select
    nearest.hub_id,
    nearest.ancestor_hub_id,
    nearest.ancestor_repo_id,
    case
        when contains(nearest.ancestor_repo_id, '/') then split_part(nearest.ancestor_repo_id, '/', 1)
    end as publisher,
    nearest.depth,
    nearest.ancestor_hub_id is null
    or nearest.ancestor_hub_id not in (
        select parents.hub_id from {{ ref('bridge_model_parent') }} as parents
    ) as is_root
from nearest
