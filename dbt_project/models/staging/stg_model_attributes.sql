select
    attributes.model_key,
    models.hub_id,
    attributes.valid_from,
    attributes.valid_to,
    attributes.repo_id,
    attributes.publisher,
    attributes.task,
    attributes.library,
    attributes.license,
    attributes.parameters,
    cast(attributes.created_at as date) as created_on
from {{ source('raw', 'model_attributes') }} as attributes
inner join {{ source('raw', 'models') }} as models on attributes.model_key = models.model_key
