select
    spans.model_key,
    spans.valid_from,
    spans.valid_to,
    spans.downloads as downloads_30d,
    spans.downloads_all_time
from {{ source('raw', 'counter_spans') }} as spans
