{#- Groups whose column does not sum to 1 within 1e-9. -#}
{% test sums_to_one(model, column, group_by) %}
select {{ group_by | join(', ') }}, sum({{ column }}) as total
from {{ model }}
group by {{ group_by | join(', ') }}
having abs(sum({{ column }}) - 1) > 1e-9
{% endtest %}
