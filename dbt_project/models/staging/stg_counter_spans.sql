select
    coalesce(identities.canonical_key, spans.model_key) as model_key,
    spans.valid_from,
    spans.valid_to,
    spans.downloads as downloads_30d,
    spans.downloads_all_time
from {{ source('raw', 'counter_spans') }} as spans
left join {{ ref('stg_canonical_keys') }} as identities on spans.model_key = identities.model_key
