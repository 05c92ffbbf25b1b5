{{
    config(
        materialized='incremental',
        pre_hook=[
            "{{ forget_milestones() }}", "{{ adopt_ids('unit', 'held.crossed_hi', \"held.unit_type = 'model'\") }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}, {{ ref('stg_dates_renewed') }}

-- What was crossed before the first date that is renewed stands; everything later is found again.
with captures as (
    select
        captures.date,
        lag(captures.date) over (order by captures.date) as previous_date
    from {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
),

thresholds as (
    select cast(digits.digit * powers.power as bigint) as threshold
    from (values (1), (2), (3), (4), (5), (6), (7), (8), (9)) as digits (digit)
    cross join (values (1e6), (1e7), (1e8), (1e9), (1e10)) as powers (power)
),

-- The first capture, from the first renewed date on, in each span of equal counts.
calendar as (
    select
        dates.date,
        (
            select min(captures.date) from captures
            where captures.date >= greatest(dates.date, {{ due_bound('min') }})
        ) as next_date
    from (select captured.date from {{ ref('stg_captures') }} as captured) as dates
),

unit_counts as (
    select
        'model' as unit_type,
        models.hub_id as unit,
        'all' as scope,
        'publisher' as attribution,
        calendar.next_date as date,
        cast(spans.downloads_all_time as double) as value
    from {{ ref('stg_counter_spans') }} as spans
    inner join calendar on spans.valid_from = calendar.date
    inner join {{ ref('stg_models') }} as models on spans.model_key = models.model_key
    where
        spans.downloads_all_time >= 1000000
        and (spans.valid_to is null or spans.valid_to > {{ due_bound('min') }})
        and (spans.valid_to is null or spans.valid_to > calendar.next_date)
    union all
    select
        days.unit_type,
        days.unit,
        days.scope,
        days.attribution,
        days.date,
        days.value
    from {{ ref('int_unit_days') }} as days
    where
        days.metric = 'downloads_all_time'
        and days.value >= 1000000
        and days.date >= {{ due_bound('min') }}
        and days.date in (select captures.date from captures)
),

crossed as (
    select
        unit_counts.unit_type,
        unit_counts.unit,
        unit_counts.scope,
        unit_counts.attribution,
        thresholds.threshold,
        min(unit_counts.date) as crossed_hi,
        arg_min(unit_counts.value, unit_counts.date) as value_hi
    from unit_counts
    inner join thresholds on unit_counts.value >= thresholds.threshold
    group by
        unit_counts.unit_type,
        unit_counts.unit,
        unit_counts.scope,
        unit_counts.attribution,
        thresholds.threshold
),

fresh as (
    select
        crossed.*,
        captures.previous_date
    from crossed
    inner join captures on crossed.crossed_hi = captures.date
    {% if is_incremental() %}
        where
            (crossed.unit_type, crossed.unit, crossed.scope, crossed.attribution, crossed.threshold)
            not in (
                select (held.unit_type, held.unit, held.scope, held.attribution, held.threshold)
                from {{ this }} as held
            )
    {% endif %}
),

counts_before as (
    select
        fresh.unit_type,
        fresh.unit,
        fresh.scope,
        fresh.attribution,
        fresh.threshold,
        cast(spans.downloads_all_time as double) as value
    from fresh
    inner join {{ ref('stg_models') }} as models on fresh.unit = models.hub_id
    inner join
        {{ ref('stg_counter_spans') }} as spans
        on models.model_key = spans.model_key and {{ valid_on('spans', 'fresh.previous_date') }}
    where
        fresh.unit_type = 'model'
        and (spans.valid_to is null or spans.valid_to > {{ flow_capture_before_due() }})
    union all
    select
        fresh.unit_type,
        fresh.unit,
        fresh.scope,
        fresh.attribution,
        fresh.threshold,
        days.value
    from fresh
    inner join
        {{ ref('int_unit_days') }} as days
        on
            fresh.previous_date = days.date
            and fresh.unit_type = days.unit_type
            and fresh.unit = days.unit
            and fresh.scope = days.scope
            and fresh.attribution = days.attribution
    where days.metric = 'downloads_all_time'
),

-- A model that the capture before does not count may have been counted by an earlier one. Few are so, most
-- nights none: without them the history of the counters is not read.
uncounted as (
    select
        fresh.unit,
        fresh.threshold,
        fresh.previous_date,
        models.model_key
    from fresh
    inner join {{ ref('stg_models') }} as models on fresh.unit = models.hub_id
    left join counts_before using (unit_type, unit, scope, attribution, threshold)
    where fresh.unit_type = 'model' and counts_before.value is null and fresh.previous_date is not null
),

counted_earlier as (
    select
        'model' as unit_type,
        uncounted.unit,
        uncounted.threshold,
        max(captures.date) as date,
        cast(arg_max(spans.downloads_all_time, captures.date) as double) as value
    from uncounted
    inner join {{ ref('stg_counter_spans') }} as spans on uncounted.model_key = spans.model_key
    inner join captures on {{ valid_on('spans', 'captures.date') }}
    where
        spans.downloads_all_time is not null
        and captures.date < uncounted.previous_date
        and spans.valid_from < {{ due_bound('max') }}
    group by uncounted.unit, uncounted.threshold
),

named as (
    select
        fresh.*,
        names.repo_id,
        names.created_on,
        coalesce(counts_before.value, counted_earlier.value) as value_before,
        coalesce(counted_earlier.date, fresh.previous_date) as counted_on
    from fresh
    left join {{ ref('stg_models') }} as models on fresh.unit_type = 'model' and fresh.unit = models.hub_id
    left join
        {{ ref('stg_model_names') }} as names
        on models.model_key = names.model_key and {{ valid_on('names', 'fresh.crossed_hi') }}
    left join counts_before using (unit_type, unit, scope, attribution, threshold)
    left join counted_earlier using (unit_type, unit, threshold)
),

-- A model that no capture counted before begins at 0 if it was created since the one before, else it was
-- above before it was seen. Other units that have no value have nothing.
bounded as (
    select
        named.*,
        case
            when named.value_before is null and named.created_on >= named.previous_date
                then named.created_on
            when named.value_before is not null or named.unit_type <> 'model' then named.counted_on
        end as crossed_lo,
        case
            when named.value_before is not null then named.value_before
            when named.created_on >= named.previous_date or named.unit_type <> 'model' then 0
        end as value_lo
    from named
),

launches as (
    select
        'model' as unit_type,
        lower(releases.repo_id) as unit,
        releases.released_on
    from {{ ref('releases') }} as releases
    union all
    select
        'family' as unit_type,
        lower(releases.family) as unit,
        min(releases.released_on) as released_on
    from {{ ref('releases') }} as releases
    group by releases.family
),

estimated as (
    select
        bounded.*,
        coalesce(launches.released_on, bounded.created_on) as launched_on,
        case
            when launches.released_on is not null then 'release'
            when bounded.created_on is not null then 'repo_created'
        end as launch_basis,
        -- Divided last: a whole number of days stays one, where a rounded quotient would be carried up a day.
        bounded.crossed_lo + cast(
            ceil(
                (bounded.threshold - bounded.value_lo)
                * (bounded.crossed_hi - bounded.crossed_lo)
                / (bounded.value_hi - bounded.value_lo)
            ) as integer
        ) as crossed_on
    from bounded
    left join
        launches
        on
            bounded.unit_type = launches.unit_type
            and lower(coalesce(bounded.repo_id, bounded.unit)) = launches.unit
)

select
    estimated.unit_type,
    estimated.unit,
    coalesce(estimated.repo_id, estimated.unit) as unit_name,
    estimated.scope,
    estimated.attribution,
    estimated.threshold,
    estimated.crossed_lo,
    estimated.crossed_on,
    estimated.crossed_hi,
    estimated.crossed_lo is null as was_above_before,
    estimated.launched_on,
    estimated.launch_basis,
    cast(estimated.crossed_lo - estimated.launched_on as integer) as days_lo,
    cast(estimated.crossed_on - estimated.launched_on as integer) as days,
    cast(estimated.crossed_hi - estimated.launched_on as integer) as days_hi
from estimated
