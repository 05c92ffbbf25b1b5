{{ config(materialized='table') }}

-- A table: four models read it, and parents are found by the Hub's ids, which are long.
select
    {{ in_turn('parents') }},
    case
        when parents.relation in ('finetune', 'adapter', 'quantized', 'merge') then parents.relation
        else 'unknown'
    end as relation,
    parents.parent_repo_id,
    coalesce(parent_keys.canonical_key, parent_models.model_key) as parent_model_key
from {{ source('raw', 'model_parents') }} as parents
left join {{ ref('stg_model_turns') }} as turns on parents.model_key = turns.model_key
left join
    {{ source('raw', 'models') }} as parent_models
    on parents.parent_hub_id = parent_models.hub_id
left join
    {{ ref('stg_canonical_keys') }} as parent_keys
    on parent_models.model_key = parent_keys.model_key
where {{ reaches_turn('parents') }}
