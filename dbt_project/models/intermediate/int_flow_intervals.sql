-- Between two sightings of a model with different all-time counts lies a flow, spread evenly. It counts for
-- whom the model belonged to at the capture where it begins.
with ends as not materialized (
    select
        sightings.*,
        sightings.first_on as to_on,
        sightings.first_number as to_number
    from {{ ref('int_flow_sightings') }} as sightings
),

begun as (
    select
        ends.model_key,
        ends.to_on,
        ends.to_number,
        ends.downloads,
        previous.date as previous_on
    from ends
    inner join {{ ref('int_flow_captures') }} as previous on ends.to_number - 1 = previous.number
    where ends.downloads_before is null and ends.downloads > 0
),

-- Most that begin here were only not looked at before.
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

-- A model away for more than nine captures begins anew, like one that is first seen.
select
    ends.model_key,
    ends.last_on_before as from_on,
    ends.to_on,
    ends.to_number,
    ends.last_on_before as as_of,
    ends.downloads - ends.downloads_before as downloads,
    false as is_first
from ends
where ends.downloads_before is not null and ends.to_number - ends.last_number_before <= 9
union all
-- Created since the capture before: it began at 0. An older one has a past that nobody saw.
select
    begun.model_key,
    created.created_on as from_on,
    greatest(begun.to_on, created.created_on + 1) as to_on,
    begun.to_number,
    begun.to_on as as_of,
    begun.downloads,
    true as is_first
from begun
inner join created on begun.model_key = created.model_key
where created.created_on >= begun.previous_on
