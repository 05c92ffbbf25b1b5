select
    replaced.model_key,
    replaced.present_key,
    models.hub_id,
    present_models.hub_id as present_id,
    replaced.changed_on
from {{ source('raw', 'ids_replaced') }} as replaced
inner join {{ source('raw', 'models') }} as models on replaced.model_key = models.model_key
inner join
    {{ source('raw', 'models') }} as present_models
    on replaced.present_key = present_models.model_key
