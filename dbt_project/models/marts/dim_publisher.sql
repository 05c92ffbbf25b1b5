with seen as (
    select distinct names.publisher
    from {{ ref('stg_model_names') }} as names
    where names.publisher is not null
)

select
    seen.publisher,
    publishers.company,
    coalesce(publishers.region, 'unknown') as region,
    coalesce(publishers.kind, 'unknown') as kind
from seen
left join {{ ref('publishers') }} as publishers on lower(seen.publisher) = publishers.publisher
