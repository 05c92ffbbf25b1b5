-- Between two sightings of a model with different all-time counts lies a flow, spread evenly. Sightings are
-- at captures that are ends of flows; one span of equal counts is one stretch of sightings.
with captures as (
    select captures.* from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

bounds as (
    select
        coalesce(min(early.date), date '0001-01-01') as first_date,
        coalesce(max(late.date), date '9999-12-31') as last_date
    from (
        select
            min(months.month) as month,
            max(months.next_month) as next_month
        from {{ ref('int_flow_months') }} as months
    ) as months
    -- Twice the reach: a hold may begin within another one's.
    left join captures as early
        on early.number = (
            select max(before.number) - 20 from captures as before
            where before.date <= months.month
        )
    left join captures as late
        on late.number = (
            select min(after.number) + 10 from captures as after
            where after.date >= months.next_month
        )
),

begun as (
    select
        spans.model_key,
        spans.valid_to,
        spans.downloads_all_time as downloads,
        captures.date as first_on,
        captures.number as first_number
    from {{ ref('stg_counter_spans') }} as spans
    asof inner join captures on spans.valid_from <= captures.date
    where
        spans.downloads_all_time is not null
        and spans.valid_from <= (select bounds.last_date from bounds)
        and (spans.valid_to is null or spans.valid_to > (select bounds.first_date from bounds))
),

sighted as (
    select
        begun.model_key,
        begun.downloads,
        begun.first_on,
        begun.first_number,
        captures.date as last_on,
        captures.number as last_number
    from begun
    asof inner join captures on coalesce(begun.valid_to, date '9999-12-31') > captures.date
    where begun.first_on <= captures.date
),

steps as (
    select
        sighted.*,
        lag(sighted.downloads) over by_model as downloads_before
    from sighted
    window by_model as (partition by sighted.model_key order by sighted.first_on)
),

-- A fall that is made up for within eight captures never was: what lies in between is passed over.
held as (
    select
        falls.model_key,
        falls.first_number as from_number,
        min(recoveries.first_number) as to_number
    from steps as falls
    inner join sighted as recoveries on falls.model_key = recoveries.model_key
    where
        falls.downloads < falls.downloads_before
        and recoveries.first_number > falls.first_number
        and recoveries.first_number <= falls.first_number + 8
        and recoveries.downloads
        >= falls.downloads_before - 0.1 * (falls.downloads_before - falls.downloads)
    group by falls.model_key, falls.first_number
),

kept as (
    select sighted.*
    from sighted
    where not exists (
        select 1
        from held
        where
            held.model_key = sighted.model_key
            and sighted.first_number >= held.from_number
            and sighted.first_number < held.to_number
    )
),

ends as (
    select
        kept.model_key,
        kept.first_on as to_on,
        kept.first_number as to_number,
        kept.downloads,
        lag(kept.downloads) over by_model as downloads_before,
        lag(kept.last_on) over by_model as last_on_before,
        lag(kept.last_number) over by_model as last_number_before
    from kept
    window by_model as (partition by kept.model_key order by kept.first_on)
),

created as (
    select
        attributes.model_key,
        min(attributes.created_on) as created_on
    from {{ ref('stg_model_attributes') }} as attributes
    group by attributes.model_key
),

flows as (
    -- A model away for more than nine captures begins anew, like one that is first seen.
    select
        ends.model_key,
        ends.last_on_before as from_on,
        ends.to_on,
        false as is_first,
        ends.downloads - ends.downloads_before as downloads
    from ends
    where ends.downloads_before is not null and ends.to_number - ends.last_number_before <= 9
    union all
    -- Created since the capture before: it began at 0. An older one has a past that nobody saw.
    select
        ends.model_key,
        created.created_on as from_on,
        greatest(ends.to_on, created.created_on + 1) as to_on,
        true as is_first,
        ends.downloads
    from ends
    inner join created on ends.model_key = created.model_key
    inner join captures as previous on ends.to_number - 1 = previous.number
    where ends.downloads_before is null and created.created_on >= previous.date
)

select
    flows.model_key,
    flows.from_on,
    flows.to_on,
    flows.is_first,
    flows.downloads
from flows
where flows.downloads > 0
