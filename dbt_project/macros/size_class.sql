{#- The class of a model by its parameters; unknown where the Hub counts none. -#}
{% macro size_class(parameters) -%}
    case
        when {{ parameters }} is null or {{ parameters }} = 0 then 'unknown'
        when {{ parameters }} < 1e9 then 'under 1B'
        when {{ parameters }} < 3e9 then '1B to 3B'
        when {{ parameters }} < 10e9 then '3B to 10B'
        when {{ parameters }} < 30e9 then '10B to 30B'
        when {{ parameters }} < 100e9 then '30B to 100B'
        else '100B and more'
    end
{%- endmacro %}
