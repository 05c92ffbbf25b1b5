{#- A figure as a person writes it: a date (days since 1970-01-01) as its month, shares and ratios with three
    digits, all else in whole numbers. -#}
{% macro figure_as_text(number, unit) -%}
    case
        when {{ unit }} = 'date' then strftime(date '1970-01-01' + cast({{ number }} as integer), '%Y-%m')
        when {{ unit }} in ('share', 'ratio') then format('{:.3g}', {{ number }})
        else format('{:,}', cast(round({{ number }}) as bigint))
    end
{%- endmacro %}
