select
    spans.model_key,
    spans.valid_from,
    spans.valid_to
from {{ source('raw', 'presence_spans') }} as spans
