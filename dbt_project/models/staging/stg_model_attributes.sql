select
    {{ in_turn('attributes') }},
    attributes.repo_id,
    attributes.publisher,
    attributes.task,
    attributes.library,
    attributes.license,
    attributes.gated,
    attributes.parameters,
    cast(attributes.created_at as date) as created_on,
    attributes.tags
from {{ counted_states('model_attributes') }} as attributes
left join {{ ref('stg_model_turns') }} as turns on attributes.model_key = turns.model_key
where {{ reaches_turn('attributes') }}
