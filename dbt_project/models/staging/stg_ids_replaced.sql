select models.hub_id
from {{ source('raw', 'models') }} as models
inner join {{ ref('stg_canonical_keys') }} as identities on models.model_key = identities.model_key
where identities.model_key <> identities.canonical_key
