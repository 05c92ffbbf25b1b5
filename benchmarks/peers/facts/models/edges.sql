-- Declared edges, without repetitions and self references; a parent that is gone has a negative key.
with declared as (
    select
        today.model_key as child_key,
        parent.hub_id,
        parent.repo_id
    from {{ ref('today') }} as today, unnest(today.parents) as unnested (parent)
),

found as (
    select
        declared.child_key,
        declared.repo_id,
        coalesce(
            by_id.model_key,
            by_name.model_key,
            -1 - cast(hash(lower(declared.repo_id)) >> 2 as bigint)
        ) as parent_key
    from declared
    left join {{ ref('today') }} as by_id on declared.hub_id = by_id.hub_id
    left join
        {{ ref('today') }} as by_name
        on by_id.hub_id is null and lower(declared.repo_id) = lower(by_name.repo_id)
)

select
    found.child_key,
    found.parent_key,
    min(found.repo_id) as parent_repo_id
from found
where found.child_key <> found.parent_key
group by all
