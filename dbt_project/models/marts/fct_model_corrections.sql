{{
    config(
        materialized='incremental',
        renews="{{ renewed_months() }}", pre_hook="{{ adopt_ids_by_month('hub_id') }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

-- A fall is lasting when eight captures have passed without a recovery.
select
    months.month,
    models.hub_id,
    intervals.from_on,
    intervals.to_on,
    cast(intervals.downloads as bigint) as downloads
from {{ ref('int_flow_intervals') }} as intervals
inner join
    {{ ref('int_flow_months') }} as months
    on intervals.to_on >= months.month and intervals.to_on < months.next_month
inner join {{ ref('int_flow_captures') }} as ends on intervals.to_on = ends.date
inner join {{ ref('stg_models') }} as models on intervals.model_key = models.model_key
where
    months.has_counter
    and intervals.downloads < 0
    and ends.number + 8 <= (
        select max(captures.number) from {{ ref('int_flow_captures') }} as captures
        where captures.has_all_time
    )
