-- Of models, since those without an owner are no publisher's.
select
    months.month,
    months.scope,
    months.metric,
    sum(cast(months.value as decimal(24, 6))) as value,
    sum(cast(months.value_low as decimal(24, 6))) as value_low,
    sum(cast(months.value_high as decimal(24, 6))) as value_high
from {{ ref('int_rank_months') }} as months
where months.unit_type = 'model'
group by months.month, months.scope, months.metric
