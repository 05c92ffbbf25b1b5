select
    model_counters.date,
    model_counters.model_key,
    model_counters.downloads as downloads_30d,
    model_counters.downloads_all_time,
    model_counters.likes,
    model_counters.trending_score
from {{ source('raw', 'model_counters') }} as model_counters
