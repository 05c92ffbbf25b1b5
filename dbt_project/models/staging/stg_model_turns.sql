select
    identities.model_key,
    identities.canonical_key,
    identities.turn_from,
    identities.turn_to
from {{ source('raw', 'identities') }} as identities
