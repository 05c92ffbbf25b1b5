select
    {{ in_turn('attributes') }},
    models.hub_id,
    attributes.repo_id,
    attributes.publisher,
    attributes.task,
    attributes.library,
    attributes.license,
    attributes.gated,
    attributes.parameters,
    cast(attributes.created_at as date) as created_on,
    attributes.tags
from {{ source('raw', 'model_attributes') }} as attributes
left join {{ ref('stg_model_turns') }} as turns on attributes.model_key = turns.model_key
inner join
    {{ source('raw', 'models') }} as models
    on coalesce(turns.canonical_key, attributes.model_key) = models.model_key
where {{ reaches_turn('attributes') }}
