select
    {{ in_turn('names') }},
    names.valid_to as state_to,
    names.repo_id,
    names.publisher,
    names.task,
    cast(names.created_at as date) as created_on
from {{ counted_states('model_names') }} as names
left join {{ ref('stg_model_turns') }} as turns on names.model_key = turns.model_key
where {{ reaches_turn('names') }}
