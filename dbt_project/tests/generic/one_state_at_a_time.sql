{#- Models of a history of states without exactly one that is open, with an empty one, or that begin on
    another date than dim_model says; of those that a date of this run touched. -#}
{% test one_state_at_a_time(model) %}
with touched as (
    select states.hub_id
    from {{ model }} as states
    inner join {{ ref('stg_dates_renewed') }} as renewed on renewed.date in (states.valid_from, states.valid_to)
    union
    select models.hub_id
    from {{ ref('dim_model') }} as models
    inner join {{ ref('stg_dates_renewed') }} as renewed on models.first_seen_on = renewed.date
)

select touched.hub_id
from touched
left join {{ ref('dim_model') }} as models on touched.hub_id = models.hub_id
left join {{ model }} as states on touched.hub_id = states.hub_id
group by touched.hub_id
having
    count(*) <> count(states.valid_to) + 1
    or min(states.valid_from) is distinct from any_value(models.first_seen_on)
    or bool_or(states.valid_to <= states.valid_from)
{% endtest %}
