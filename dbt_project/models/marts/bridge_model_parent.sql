-- As last seen, like dim_model: what lineage was on an earlier date is in the counts of that date. A parent
-- is found as int_lineage_edges finds it: by the Hub's _id or else by its name.
with declared as (
    select
        models.model_key,
        parents.relation,
        parents.parent_repo_id,
        parents.is_only,
        known.model_key as known_key
    from {{ ref('int_models') }} as models
    inner join
        {{ ref('stg_model_parents') }} as parents
        on models.model_key = parents.model_key and parents.valid_to is null
    left join {{ ref('int_models') }} as known on parents.parent_model_key = known.model_key
),

wanted as (
    select distinct lower(declared.parent_repo_id) as repo_name
    from declared
    where declared.known_key is null
),

bearers as (
    {{ bearers_of('wanted') }}
),

resolved as (
    select
        declared.model_key,
        declared.relation,
        declared.parent_repo_id,
        declared.is_only,
        coalesce(declared.known_key, bearers.model_key) as parent_key
    from declared
    left join
        bearers
        on declared.known_key is null and lower(declared.parent_repo_id) = bearers.repo_name
),

edges as (
    select
        resolved.model_key,
        resolved.parent_key,
        min(resolved.parent_repo_id) as declared_repo_id,
        min(resolved.relation) as relation
    from resolved
    where not resolved.is_only and resolved.parent_key is distinct from resolved.model_key
    group by
        resolved.model_key,
        resolved.parent_key,
        -- A parent that is not on the Hub is told from others by its name.
        case when resolved.parent_key is null then lower(resolved.parent_repo_id) end
),

-- The derivative's own relation, as in all counts of derivatives: tags can give each parent another one. Most
-- declare one parent.
related as (
    select
        edges.model_key,
        edges.parent_key,
        edges.declared_repo_id,
        min(edges.relation) over (partition by edges.model_key) as relation
    from edges
    union all
    select
        resolved.model_key,
        resolved.parent_key,
        resolved.parent_repo_id,
        resolved.relation
    from resolved
    where resolved.is_only and resolved.parent_key is distinct from resolved.model_key
)

select
    children.hub_id,
    parents.hub_id as parent_hub_id,
    coalesce(names.repo_id, related.declared_repo_id) as parent_repo_id,
    related.relation
from related
inner join {{ ref('stg_models') }} as children on related.model_key = children.model_key
left join {{ ref('stg_models') }} as parents on related.parent_key = parents.model_key
left join
    {{ ref('stg_model_names') }} as names
    on related.parent_key = names.model_key and names.valid_to is null
