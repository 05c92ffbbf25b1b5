select
    parents.model_key,
    parents.valid_from,
    parents.valid_to,
    case
        when parents.relation in ('finetune', 'adapter', 'quantized', 'merge') then parents.relation
        else 'unknown'
    end as relation,
    parents.parent_repo_id,
    parent_models.model_key as parent_model_key
from {{ source('raw', 'model_parents') }} as parents
left join
    {{ source('raw', 'models') }} as parent_models
    on parents.parent_hub_id = parent_models.hub_id
