{#-
    CTEs that end in `with_names`: the rows of a relation of ranked units, in which a model has a key and the date as of
    which it is meant (as_of) and no name, with the Hub's id and the name that it had then.
-#}
{% macro named_units(relation) -%}
unnamed as (
    {{ few_of(relation, ['model_key', 'as_of']) }}
),

model_names as (
    select
        unnamed.model_key,
        unnamed.as_of,
        models.hub_id,
        names.repo_id
    from unnamed
    inner join {{ ref('stg_models') }} as models on unnamed.model_key = models.model_key
    inner join
        {{ ref('stg_model_names') }} as names
        on unnamed.model_key = names.model_key and {{ valid_on('names', 'unnamed.as_of') }}
),

with_names as (
    select
        {{ relation }}.* exclude (unit, unit_name),
        coalesce({{ relation }}.unit, model_names.hub_id) as unit,
        coalesce({{ relation }}.unit_name, model_names.repo_id) as unit_name
    from {{ relation }}
    left join
        model_names
        on {{ relation }}.model_key = model_names.model_key and {{ relation }}.as_of = model_names.as_of
)
{%- endmacro %}
