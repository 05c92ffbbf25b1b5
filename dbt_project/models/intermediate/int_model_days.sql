select
    due.date,
    attributes.model_key,
    attributes.repo_id,
    attributes.publisher,
    attributes.task,
    attributes.created_on,
    counters.model_key is not null as is_listed,
    counters.downloads_30d,
    counters.downloads_all_time
from {{ ref('stg_facts_due') }} as due
inner join
    {{ ref('stg_model_attributes') }} as attributes
    on {{ valid_on('attributes', 'due.date') }}
left join
    {{ ref('stg_model_counters') }} as counters
    on due.date = counters.date and attributes.model_key = counters.model_key
