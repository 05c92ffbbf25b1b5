select
    models.model_key,
    models.hub_id
from {{ source('raw', 'models') }} as models
