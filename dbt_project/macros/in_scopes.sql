{#- Rows with model_key and as_of × scope that the model was in on that date. -#}
{% macro in_scopes(relation) -%}
    select
        {{ relation }}.*,
        scopes.scope
    from {{ relation }}
    inner join {{ ref('scopes') }} as scopes on scopes.tasks = '*'
    union all
    select
        {{ relation }}.*,
        spans.scope
    from {{ relation }}
    inner join
        {{ ref('int_scope_spans') }} as spans
        on {{ relation }}.model_key = spans.model_key and {{ valid_on('spans', relation ~ '.as_of') }}
    where spans.rule is null
{%- endmacro %}
