select
    coalesce(identities.canonical_key, spans.model_key) as model_key,
    spans.valid_from,
    spans.valid_to,
    spans.likes
from {{ source('raw', 'attention_spans') }} as spans
left join {{ ref('stg_canonical_keys') }} as identities on spans.model_key = identities.model_key
