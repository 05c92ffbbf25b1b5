{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='month',
        on_schema_change='fail', pre_hook="{{ forget_renewed_months() }}"
    )
}}

-- Models and unknown accounts stay where they are ranked: this is read whole every night.
with flows as (
    select
        months.*,
        sum(case months.unit_type when 'publisher' then cast(months.value as decimal(24, 6)) end)
            over (partition by months.month, months.scope, months.metric)
            as scope_value
    from {{ ref('int_rank_months') }} as months
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
    ranks.unit_type,
    ranks.unit,
    ranks.scope,
    ranks.attribution,
    ranks.metric,
    ranks.value,
    ranks.value as value_low,
    ranks.value as value_high,
    null as scope_value
from month_ends
inner join {{ ref('fct_rank_history') }} as ranks on month_ends.as_of = ranks.period
where
    ranks.grain = 'day'
    and ranks.metric in ('downloads_all_time', 'derivatives')
    and ranks.unit_type in ('family', 'company', 'region')
