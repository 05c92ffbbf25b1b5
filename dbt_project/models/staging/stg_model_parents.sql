{{ config(materialized='table') }}

-- A table: four models read it, and parents are found by the Hub's ids, which are long.
with unnested as (
    select
        lineage.model_key,
        lineage.valid_from,
        lineage.valid_to,
        len(lineage.parents) = 1 as is_only,
        unnest(lineage.parents) as parent
    from {{ counted_states('model_lineage') }} as lineage
),

parents as (
    select
        unnested.model_key,
        unnested.valid_from,
        unnested.valid_to,
        unnested.is_only,
        unnested.parent.relation,
        unnested.parent.hub_id,
        unnested.parent.repo_id
    from unnested
)

select
    {{ in_turn('parents') }},
    case
        when parents.relation in ('finetune', 'adapter', 'quantized', 'merge') then parents.relation
        else 'unknown'
    end as relation,
    parents.repo_id as parent_repo_id,
    parents.is_only,
    coalesce(parent_keys.canonical_key, parent_models.model_key) as parent_model_key
from parents
left join {{ ref('stg_model_turns') }} as turns on parents.model_key = turns.model_key
left join {{ source('raw', 'models') }} as parent_models on parents.hub_id = parent_models.hub_id
left join
    {{ ref('stg_canonical_keys') }} as parent_keys
    on parent_models.model_key = parent_keys.model_key
where {{ reaches_turn('parents') }}
