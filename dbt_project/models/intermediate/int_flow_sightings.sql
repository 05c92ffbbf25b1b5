-- Where a model's all-time count was sighted, at captures that are ends of flows: one span of equal counts
-- is one stretch of sightings.
with captures as (
    select captures.* from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

spans as not materialized (
    select
        spans.model_key,
        spans.valid_from,
        spans.valid_to,
        spans.downloads_all_time as downloads
    from {{ ref('stg_counter_spans') }} as spans
    where
        spans.downloads_all_time is not null
        and spans.valid_from <= {{ flow_bound('last_date') }}
        and (spans.valid_to is null or spans.valid_to > {{ flow_bound('first_spike_date') }})
),

-- What ended before the flows that are asked for, and what ended since.
ended as not materialized (
    select
        spans.*,
        spans.valid_to <= {{ flow_bound('date_before') }} as is_before
    from spans
    where spans.valid_to > {{ flow_bound('first_date') }}
),

changed as (
    select
        ended.model_key,
        max(ended.downloads) as most,
        min(ended.downloads) as least,
        max(ended.downloads) filter (where ended.is_before) as most_before,
        max(ended.valid_to) filter (where ended.is_before) as ended_before,
        min(ended.downloads) filter (where not ended.is_before) as least_since,
        min(ended.valid_from) filter (where not ended.is_before) as begun_since
    from ended
    group by ended.model_key
),

recent as (
    select names.model_key
    from {{ ref('stg_model_names') }} as names
    where names.created_on >= {{ flow_bound('first_interval_date') }}
),

-- What ended before is asked of few: who may have a spike, since it gained a spike's least in all these
-- days; whose count is less than one before, as within a fall; who was away; who is new, and whose count
-- began at nothing.
looked_back as (
    select changed.model_key
    from changed
    left join spans on changed.model_key = spans.model_key and spans.valid_to is null
    where
        greatest(changed.most, spans.downloads) - least(changed.least, spans.downloads)
        >= {{ var('spike_floor') }}
        or changed.most_before > least(changed.least_since, spans.downloads)
        or changed.ended_before <> least(changed.begun_since, spans.valid_from)
        or changed.model_key in (select recent.model_key from recent)
),

-- At most one span of a model is open: who has no other one here needs no comparing.
compared as (
    select changed.model_key from changed
    where changed.begun_since is not null
    union
    select looked_back.model_key from looked_back
),

wanted as not materialized (
    select
        spans.*,
        true as is_compared
    from spans
    where spans.valid_to > {{ flow_bound('date_before') }}
    union all
    select
        spans.*,
        true as is_compared
    from spans
    where
        spans.valid_to <= {{ flow_bound('date_before') }}
        and spans.model_key in (select looked_back.model_key from looked_back)
    union all
    select
        spans.*,
        spans.model_key in (select compared.model_key from compared) as is_compared
    from spans
    where spans.valid_to is null
),

-- Spans begin and end at captures, but not all of these are ends of flows.
calendar as (
    {{ calendar('number') }}
),

sighted as not materialized (
    select
        wanted.model_key,
        wanted.downloads,
        firsts.date as first_on,
        firsts.number as first_number,
        lasts.date as last_on,
        lasts.number as last_number,
        wanted.is_compared
    from wanted
    inner join calendar as begins on wanted.valid_from = begins.date
    inner join calendar as ends on coalesce(wanted.valid_to, date '9999-12-31') = ends.date
    inner join captures as firsts on begins.next_number = firsts.number
    inner join captures as lasts on ends.last_number = lasts.number
    where begins.next_number <= ends.last_number
),

steps as (
    select
        sighted.*,
        lag(sighted.downloads) over by_model as downloads_before,
        lag(sighted.last_on) over by_model as last_on_before,
        lag(sighted.last_number) over by_model as last_number_before
    from sighted
    where sighted.is_compared
    window by_model as (partition by sighted.model_key order by sighted.first_on)
),

-- A fall that is made up for within eight captures never was: what lies in between is passed over. Flows
-- reach over nine captures: who was away for longer begins anew, and what is passed over lies within.
falls as (
    select steps.*
    from steps
    where steps.downloads < steps.downloads_before and steps.first_number - steps.last_number_before <= 9
),

held as (
    select
        falls.model_key,
        falls.first_number as from_number,
        min(recoveries.first_number) as to_number
    from falls
    inner join steps as recoveries on falls.model_key = recoveries.model_key
    where
        recoveries.first_number > falls.first_number
        and recoveries.first_number <= falls.first_number + 8
        and recoveries.first_number <= falls.last_number_before + 9
        and recoveries.downloads
        >= falls.downloads_before - 0.1 * (falls.downloads_before - falls.downloads)
    group by falls.model_key, falls.first_number
),

passing as (
    select
        steps.* replace (
            lag(steps.downloads) over by_model as downloads_before,
            lag(steps.last_on) over by_model as last_on_before,
            lag(steps.last_number) over by_model as last_number_before
        )
    from steps
    where
        steps.model_key in (select held.model_key from held)
        and not exists (
            select 1
            from held
            where
                steps.model_key = held.model_key
                and steps.first_number >= held.from_number
                and steps.first_number < held.to_number
        )
    window by_model as (partition by steps.model_key order by steps.first_on)
),

followed as (
    select
        sighted.*,
        null as downloads_before,
        null as last_on_before,
        null as last_number_before
    from sighted
    where not sighted.is_compared
    union all
    select steps.* from steps
    where steps.model_key not in (select held.model_key from held)
    union all
    select passing.* from passing
)

-- A model away for more than nine captures begins anew, like one that is first seen.
select
    followed.model_key,
    followed.downloads,
    followed.first_on,
    followed.last_on,
    case when followed.first_number - followed.last_number_before <= 9 then followed.downloads_before end
        as downloads_before,
    case when followed.first_number - followed.last_number_before <= 9 then followed.last_on_before end
        as last_on_before
from followed
