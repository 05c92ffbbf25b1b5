{#- Models of a history of states without exactly one that is open, with two from one date or an empty one, or that
    begin on another date than dim_model says; of those that a date of this run touched. -#}
{% test one_state_at_a_time(model) %}
with states as materialized (
    select states.* from {{ model }} as states
),

begun as (
    select
        keys.hub_id,
        models.first_seen_on
    from {{ ref('int_models') }} as models
    inner join {{ ref('stg_models') }} as keys on models.model_key = keys.model_key
),

changed as (
    select states.hub_id
    from states
    inner join {{ ref('stg_dates_renewed') }} as renewed on renewed.date in (states.valid_from, states.valid_to)
    union
    select begun.hub_id
    from begun
    inner join {{ ref('stg_dates_renewed') }} as renewed on begun.first_seen_on = renewed.date
),

touched as (
    {{ few_of('changed', ['hub_id']) }}
)

select touched.hub_id
from touched
left join begun on touched.hub_id = begun.hub_id
left join states on touched.hub_id = states.hub_id
group by touched.hub_id
having
    count(*) <> count(states.valid_to) + 1
    or count(*) <> count(distinct states.valid_from)
    or min(states.valid_from) is distinct from any_value(begun.first_seen_on)
    or bool_or(states.valid_to <= states.valid_from)
{% endtest %}
