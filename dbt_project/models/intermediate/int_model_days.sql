with counters as (
    select spans.*
    from {{ ref('stg_counter_spans') }} as spans
    where
        spans.valid_from <= {{ due_bound('max') }}
        and (spans.valid_to is null or spans.valid_to > {{ due_bound('min') }})
),

-- What most names say is what one that is not here does.
names as (
    select names.*
    from {{ ref('int_repo_names') }} as names
    where names.brand <> 'other' or names.is_first_party or names.is_anchor
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
    attributes.publisher,
    attributes.created_on,
    coalesce(names.brand, 'other') as brand,
    coalesce(names.is_first_party, false) as is_first_party,
    coalesce(names.is_anchor, false) as is_anchor,
    counters.model_key is not null as is_listed,
    counters.downloads_30d,
    counters.downloads_all_time,
    attention.likes
from {{ ref('stg_facts_due') }} as due
inner join
    {{ ref('stg_model_attributes') }} as attributes
    on {{ valid_on('attributes', 'due.date') }}
left join names on attributes.repo_id = names.repo_id
left join
    counters
    on attributes.model_key = counters.model_key and {{ valid_on('counters', 'due.date') }}
left join
    attention
    on attributes.model_key = attention.model_key and {{ valid_on('attention', 'due.date') }}
