{#- Whether a half-open history row holds on a date. -#}
{% macro valid_on(history, date) -%}
    {{ history }}.valid_from <= {{ date }}
    and ({{ history }}.valid_to is null or {{ history }}.valid_to > {{ date }})
{%- endmacro %}
