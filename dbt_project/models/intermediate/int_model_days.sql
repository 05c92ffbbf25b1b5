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
names as (
    select names.*
    from {{ ref('int_repo_names') }} as names
    where names.brand <> 'other' or names.is_first_party or names.is_anchor
)

select
    due.date,
    attributes.model_key,
    attributes.publisher,
    attributes.created_on,
    coalesce(names.brand, 'other') as brand,
    coalesce(names.is_first_party, false) as is_first_party,
    coalesce(names.is_anchor, false) as is_anchor,
    sightings.model_key is not null as is_listed,
    sightings.downloads_30d,
    sightings.downloads_all_time,
    sightings.likes
from {{ ref('stg_facts_due') }} as due
inner join
    {{ ref('stg_model_attributes') }} as attributes
    on {{ valid_on('attributes', 'due.date') }}
left join names on attributes.repo_id = names.repo_id
left join
    sightings
    on due.date = sightings.date and attributes.model_key = sightings.model_key
