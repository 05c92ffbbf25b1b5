{#- Rows with hub_id and as_of × scope that the model was in on that date. -#}
{% macro in_scopes(relation) -%}
    select
        {{ relation }}.*,
        scopes.scope
    from {{ relation }}
    inner join {{ ref('scopes') }} as scopes on scopes.tasks = '*'
    union all
    select
        {{ relation }}.*,
        bridge.scope
    from {{ relation }}
    inner join
        {{ ref('bridge_model_scope') }} as bridge
        on {{ relation }}.hub_id = bridge.hub_id and {{ valid_on('bridge', relation ~ '.as_of') }}
    where bridge.is_member
{%- endmacro %}
