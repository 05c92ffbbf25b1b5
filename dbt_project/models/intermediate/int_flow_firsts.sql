with begun as (
    select
        sightings.model_key,
        sightings.first_on as seen_on,
        sightings.downloads,
        previous.date as previous_on
    from {{ ref('int_flow_sightings') }} as sightings
    inner join {{ ref('int_flow_captures') }} as captures on sightings.first_on = captures.date
    inner join {{ ref('int_flow_captures') }} as previous on captures.number - 1 = previous.number
    where
        sightings.downloads_before is null
        and sightings.downloads > 0
        and sightings.first_on > {{ flow_bound('first_flow_date') }}
),

-- Some that begin here were only not looked at before.
recent as (
    select attributes.model_key
    from {{ ref('stg_model_attributes') }} as attributes
    where attributes.created_on >= (select min(begun.previous_on) from begun)
),

created as (
    select
        attributes.model_key,
        min(attributes.created_on) as created_on
    from {{ ref('stg_model_attributes') }} as attributes
    where attributes.model_key in (select recent.model_key from recent)
    group by attributes.model_key
)

-- Created since the capture before: it began at 0. An older one has a past that nobody saw.
select
    begun.model_key,
    created.created_on as from_on,
    greatest(begun.seen_on, created.created_on + 1) as to_on,
    begun.seen_on as as_of,
    begun.downloads
from begun
inner join created on begun.model_key = created.model_key
where created.created_on >= begun.previous_on
