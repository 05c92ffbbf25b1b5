-- depends_on: {{ ref('stg_dates_renewed') }}

with counters as (
    select spans.*
    from {{ ref('stg_counter_spans') }} as spans
    where
        spans.valid_from <= {{ due_bound('max') }}
        and (spans.valid_to is null or spans.valid_to > {{ due_bound('min') }})
),

attention as (
    select spans.*
    from {{ ref('stg_attention_spans') }} as spans
    where
        spans.valid_from <= {{ due_bound('max') }}
        and (spans.valid_to is null or spans.valid_to > {{ due_bound('min') }})
)

select
    due.date,
    attributes.model_key,
    attributes.repo_id,
    attributes.publisher,
    attributes.task,
    attributes.created_on,
    counters.model_key is not null as is_listed,
    counters.downloads_30d,
    counters.downloads_all_time,
    attention.likes
from {{ ref('stg_facts_due') }} as due
inner join
    {{ ref('stg_model_attributes') }} as attributes
    on {{ valid_on('attributes', 'due.date') }}
left join
    counters
    on attributes.model_key = counters.model_key and {{ valid_on('counters', 'due.date') }}
left join
    attention
    on attributes.model_key = attention.model_key and {{ valid_on('attention', 'due.date') }}
