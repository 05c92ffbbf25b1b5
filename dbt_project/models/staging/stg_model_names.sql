select
    {{ in_turn('attributes') }},
    attributes.repo_id
from {{ counted_states('model_attributes') }} as attributes
left join {{ ref('stg_model_turns') }} as turns on attributes.model_key = turns.model_key
where {{ reaches_turn('attributes') }}
