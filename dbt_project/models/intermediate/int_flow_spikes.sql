-- Only big models can have a spike: a small one's day is mostly chance.
with candidates as (
    select intervals.*
    from {{ ref('int_flow_intervals') }} as intervals
    where intervals.downloads >= {{ var('spike_floor') }} * (intervals.to_on - intervals.from_on)
),

stretches as (
    select
        intervals.model_key,
        intervals.from_on,
        intervals.to_on,
        intervals.downloads / (intervals.to_on - intervals.from_on) as downloads_a_day
    from {{ ref('int_flow_intervals') }} as intervals
    where
        intervals.downloads >= 0
        and intervals.model_key in (select candidates.model_key from candidates)
    union all
    select
        sightings.model_key,
        sightings.first_on as from_on,
        sightings.last_on as to_on,
        0 as downloads_a_day
    from {{ ref('int_flow_sightings') }} as sightings
    where
        sightings.last_on > sightings.first_on
        and sightings.model_key in (select candidates.model_key from candidates)
),

-- A model listed on the day of its creation has two flows on that day.
days as (
    select
        spread.model_key,
        spread.day,
        sum(spread.downloads_a_day) as downloads_a_day
    from
        (
            select
                stretches.model_key,
                stretches.downloads_a_day,
                cast(
                    unnest(generate_series(stretches.from_on, stretches.to_on - 1, interval 1 day)) as date
                ) as day
            from stretches
        ) as spread
    group by spread.model_key, spread.day
),

usual as (
    select
        candidates.model_key,
        candidates.from_on,
        candidates.to_on,
        candidates.downloads,
        candidates.downloads / (candidates.to_on - candidates.from_on) as downloads_a_day,
        median(days.downloads_a_day) as median_a_day,
        mad(days.downloads_a_day) as mad_a_day
    from candidates
    inner join
        days
        on
            candidates.model_key = days.model_key
            and days.day >= candidates.from_on - 28
            and candidates.from_on > days.day
    group by candidates.model_key, candidates.from_on, candidates.to_on, candidates.downloads
    having count(*) >= 14
),

spikes as (
    select usual.*
    from usual
    where
        usual.downloads_a_day > 5 * usual.median_a_day
        and usual.downloads_a_day - usual.median_a_day > 8 * 1.4826 * usual.mad_a_day
),

shared as (
    select
        days.day,
        count(distinct days.model_key) as big_models
    from days
    where days.downloads_a_day >= {{ var('spike_floor') }}
    group by days.day
)

select
    spikes.model_key,
    spikes.from_on,
    spikes.to_on,
    spikes.downloads,
    spikes.downloads_a_day,
    spikes.median_a_day,
    (spikes.downloads_a_day - spikes.median_a_day) / nullif(1.4826 * spikes.mad_a_day, 0) as z,
    case
        when
            shared.big_models >= 20
            and count(*) over (partition by spikes.from_on) >= 0.05 * shared.big_models
            then 'broad'
        else 'narrow'
    end as kind,
    cast(round(3 * spikes.median_a_day * (spikes.to_on - spikes.from_on)) as bigint) as downloads_robust
from spikes
inner join shared on spikes.from_on = shared.day
