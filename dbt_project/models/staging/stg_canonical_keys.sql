select
    identities.model_key,
    identities.canonical_key
from {{ source('raw', 'canonical_keys') }} as identities
