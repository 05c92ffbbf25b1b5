{#- Who bears each name (repo_name, in lower case) of a relation today: whoever is listed under it, or else whose
    state under it began last. -#}
{% macro bearers_of(wanted) -%}
    select
        {{ wanted }}.repo_name,
        arg_max(
            models.model_key,
            (models.gone_on is null and names.valid_to is null, names.valid_from, keys.hub_id)
        ) as model_key
    from {{ ref('stg_model_names') }} as names
    inner join {{ wanted }} on lower(names.repo_id) = {{ wanted }}.repo_name
    inner join {{ ref('int_models') }} as models on names.model_key = models.model_key
    inner join {{ ref('stg_models') }} as keys on names.model_key = keys.model_key
    group by {{ wanted }}.repo_name
{%- endmacro %}
