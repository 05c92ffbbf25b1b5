with seen as (
    select distinct attributes.publisher
    from {{ ref('stg_model_attributes') }} as attributes
    where attributes.publisher is not null
)

select
    seen.publisher,
    publishers.company,
    coalesce(publishers.region, 'unknown') as region,
    coalesce(publishers.kind, 'unknown') as kind
from seen
left join {{ ref('publishers') }} as publishers on lower(seen.publisher) = publishers.publisher
