{{ config(materialized='view') }}

-- Between two sightings of a model with different all-time counts lies a flow, spread evenly. It counts for
-- whom the model belonged to at the capture where it begins.
select
    sightings.model_key,
    sightings.last_on_before as from_on,
    sightings.first_on as to_on,
    sightings.last_on_before as as_of,
    sightings.downloads - sightings.downloads_before as downloads,
    false as is_first
from {{ ref('int_flow_sightings') }} as sightings
where sightings.downloads_before is not null
union all
select
    firsts.model_key,
    firsts.from_on,
    firsts.to_on,
    firsts.as_of,
    firsts.downloads,
    true as is_first
from {{ ref('int_flow_firsts') }} as firsts
