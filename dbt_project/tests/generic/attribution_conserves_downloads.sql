{#- Groups whose downloads by family do not add up to the scope's total, for the dates that a run writes. -#}
{% test attribution_conserves_downloads(model) %}
select date, scope, attribution, basis, variant, sum(downloads) as attributed, any_value(scope_downloads) as total
from {{ model }}
where date in (select days.day from intermediate.int_flow_days as days)
group by date, scope, attribution, basis, variant
having abs(sum(downloads) - any_value(scope_downloads)) > 1e-9 * greatest(any_value(scope_downloads), 1)
{% endtest %}
