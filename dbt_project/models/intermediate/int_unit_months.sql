{{ config(materialized='incremental', renews="{{ renewed_months() }}") }}

-- As small as int_unit_days, and read whole every night.
with flows as (
    select
        months.*,
        totals.value as scope_value
    from {{ ref('int_rank_months') }} as months
    left join {{ ref('int_month_totals') }} as totals using (month, scope, metric)
    where months.unit_type <> 'model'
),

month_ends as (
    select
        months.month,
        max(captures.date) as as_of
    from {{ ref('int_flow_months') }} as months
    inner join
        {{ ref('int_flow_captures') }} as captures
        on months.month <= captures.date and months.next_month > captures.date
    -- A month that is under way is none to compare with whole ones.
    where months.next_month <= (select max(latest.date) from {{ ref('int_flow_captures') }} as latest)
    group by months.month
)

select
    flows.month,
    flows.unit_type,
    flows.unit,
    flows.scope,
    flows.attribution,
    flows.metric,
    flows.value,
    flows.value_low,
    flows.value_high,
    cast(flows.scope_value as double) as scope_value
from flows
where
    flows.unit_type <> 'publisher'
    or lower(flows.unit) in (select publishers.publisher from {{ ref('publishers') }} as publishers)
union all
select
    month_ends.month,
    days.unit_type,
    days.unit,
    days.scope,
    days.attribution,
    days.metric,
    days.value,
    days.value as value_low,
    days.value as value_high,
    null as scope_value
from month_ends
inner join {{ ref('int_unit_days') }} as days on month_ends.as_of = days.date
