-- As last seen, like dim_model: what lineage was on an earlier date is in the counts of that date. A parent
-- is found as int_lineage_edges finds it: by the Hub's _id or else by its name.
with declared as (
    select
        models.hub_id,
        parents.relation,
        parents.parent_repo_id,
        known.hub_id as known_id
    from {{ ref('dim_model') }} as models
    inner join {{ ref('stg_models') }} as children on models.hub_id = children.hub_id
    inner join
        {{ ref('stg_model_parents') }} as parents
        on children.model_key = parents.model_key and parents.valid_to is null
    left join {{ ref('stg_models') }} as parent_keys on parents.parent_model_key = parent_keys.model_key
    left join {{ ref('dim_model') }} as known on parent_keys.hub_id = known.hub_id
),

wanted as (
    select distinct lower(declared.parent_repo_id) as repo_name
    from declared
    where declared.known_id is null
),

-- A name belongs to whoever is listed under it, or else to whoever bore it last.
bearers as (
    select
        wanted.repo_name,
        arg_max(
            states.hub_id,
            (models.gone_on is null and states.valid_to is null, states.valid_from, states.hub_id)
        ) as hub_id
    from {{ ref('dim_model_history') }} as states
    inner join wanted on lower(states.repo_id) = wanted.repo_name
    inner join {{ ref('dim_model') }} as models on states.hub_id = models.hub_id
    group by wanted.repo_name
),

resolved as (
    select
        declared.hub_id,
        declared.relation,
        declared.parent_repo_id,
        coalesce(declared.known_id, bearers.hub_id) as parent_hub_id
    from declared
    left join
        bearers
        on declared.known_id is null and lower(declared.parent_repo_id) = bearers.repo_name
),

edges as (
    select
        resolved.hub_id,
        resolved.parent_hub_id,
        coalesce(resolved.parent_hub_id, lower(resolved.parent_repo_id)) as parent,
        min(resolved.parent_repo_id) as declared_repo_id,
        min(resolved.relation) as relation
    from resolved
    where resolved.parent_hub_id is distinct from resolved.hub_id
    group by resolved.hub_id, resolved.parent_hub_id, parent
)

select
    edges.hub_id,
    edges.parent_hub_id,
    coalesce(parents.repo_id, edges.declared_repo_id) as parent_repo_id,
    -- The derivative's own, as in all counts of derivatives: tags can give each parent another one.
    min(edges.relation) over (partition by edges.hub_id) as relation
from edges
left join {{ ref('dim_model') }} as parents on edges.parent_hub_id = parents.hub_id
