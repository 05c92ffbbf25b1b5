{#- Models of a history of states without exactly one that is open, with two from one date or an empty one, or that
    begin on another date than dim_model says; of those that a date of this run touched. -#}
{% test one_state_at_a_time(model) %}
with states as materialized (
    select
        states.hub_id,
        states.valid_from,
        states.valid_to
    from {{ model }} as states
),

changed as (
    select states.hub_id
    from states
    inner join {{ ref('stg_dates_renewed') }} as renewed on renewed.date in (states.valid_from, states.valid_to)
    union
    select keys.hub_id
    from {{ ref('stg_dates_renewed') }} as renewed
    inner join {{ ref('int_models') }} as models on renewed.date = models.first_seen_on
    inner join {{ ref('stg_models') }} as keys on models.model_key = keys.model_key
),

touched as (
    {{ few_of('changed', ['hub_id']) }}
),

begun as (
    select
        touched.hub_id,
        models.first_seen_on
    from touched
    left join (
        {{ ref('int_models') }} as models
        inner join {{ ref('stg_models') }} as keys on models.model_key = keys.model_key
    ) on touched.hub_id = keys.hub_id
)

select begun.hub_id
from begun
left join states on begun.hub_id = states.hub_id
group by begun.hub_id
having
    count(*) <> count(states.valid_to) + 1
    or count(*) <> count(distinct states.valid_from)
    or min(states.valid_from) is distinct from any_value(begun.first_seen_on)
    or bool_or(states.valid_to <= states.valid_from)
{% endtest %}
