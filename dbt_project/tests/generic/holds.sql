{#- Rows of which the condition is not true. -#}
{% test holds(model, condition) %}
select *
from {{ model }}
where ({{ condition }}) is distinct from true
{% endtest %}
