select
    {{ in_turn('cards') }},
    cards.valid_to as state_to,
    cards.library,
    cards.license,
    cards.gated,
    cards.parameters,
    cards.tags
from {{ counted_states('model_cards') }} as cards
left join {{ ref('stg_model_turns') }} as turns on cards.model_key = turns.model_key
where {{ reaches_turn('cards') }}
