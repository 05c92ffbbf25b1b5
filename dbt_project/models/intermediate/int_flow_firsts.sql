-- An older one's past decides on nothing here.
with recent as (
    select names.model_key
    from {{ ref('stg_model_names') }} as names
    where names.created_on >= {{ flow_bound('first_spike_date') }}
),

created as (
    select
        names.model_key,
        min(names.created_on) as created_on
    from {{ ref('stg_model_names') }} as names
    where names.model_key in (select recent.model_key from recent)
    group by names.model_key
)

-- Created since the capture before: it began at 0. An older one has a past that nobody saw.
select
    sightings.model_key,
    created.created_on as from_on,
    greatest(sightings.first_on, created.created_on + 1) as to_on,
    sightings.first_on as as_of,
    sightings.downloads
from {{ ref('int_flow_sightings') }} as sightings
inner join created on sightings.model_key = created.model_key
inner join {{ ref('int_flow_captures') }} as captures on sightings.first_on = captures.date
inner join {{ ref('int_flow_captures') }} as previous on captures.number - 1 = previous.number
where
    sightings.downloads_before is null
    and sightings.downloads > 0
    and created.created_on >= previous.date
