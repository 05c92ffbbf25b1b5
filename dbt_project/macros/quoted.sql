{#- Text as a SQL constant. -#}
{% macro quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}
