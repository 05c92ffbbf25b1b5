{{ config(materialized='view') }}

select
    intervals.model_key,
    intervals.from_on,
    intervals.to_on,
    intervals.as_of,
    intervals.to_on - intervals.from_on as days,
    intervals.is_first,
    intervals.downloads,
    coalesce(spikes.downloads_robust, intervals.downloads) as downloads_robust
from {{ ref('int_flow_intervals') }} as intervals
left join
    {{ ref('int_flow_spikes') }} as spikes
    on
        intervals.model_key = spikes.model_key
        and intervals.from_on = spikes.from_on
        and spikes.kind = 'narrow'
where intervals.downloads > 0
