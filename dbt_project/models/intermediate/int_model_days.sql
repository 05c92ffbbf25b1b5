-- Counts and likes meet first: DuckDB takes the states that hold on a date for few, and would hash all models
-- with their names for each join with spans.
with {% for spans in ('counter', 'attention') -%}
    {{ spans }}_days as (
        select
            due.date,
            spans.*
        from {{ ref('stg_facts_due') }} as due
        inner join {{ ref('stg_' ~ spans ~ '_spans') }} as spans on {{ valid_on('spans', 'due.date') }}
        where
            spans.valid_from <= {{ due_bound('max') }}
            and (spans.valid_to is null or spans.valid_to > {{ due_bound('min') }})
    ),

{% endfor -%}
sightings as (
    select
        counters.date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time,
        attention.likes
    from counter_days as counters
    left join
        attention_days as attention
        on counters.date = attention.date and counters.model_key = attention.model_key
),

-- What most names say is what one that is not here does.
judged as (
    select judged.*
    from {{ ref('int_repo_names') }} as judged
    where judged.brand <> 'other' or judged.is_first_party or judged.is_anchor
)

select
    due.date,
    names.model_key,
    names.publisher,
    names.created_on,
    coalesce(judged.brand, 'other') as brand,
    coalesce(judged.is_first_party, false) as is_first_party,
    coalesce(judged.is_anchor, false) as is_anchor,
    sightings.model_key is not null as is_listed,
    sightings.downloads_30d,
    sightings.downloads_all_time,
    sightings.likes
from {{ ref('stg_facts_due') }} as due
inner join
    {{ ref('stg_model_names') }} as names
    on {{ held_on('names', 'due.date', due_bound('min')) }}
left join judged on names.repo_id = judged.repo_id
left join
    sightings
    on due.date = sightings.date and names.model_key = sightings.model_key
