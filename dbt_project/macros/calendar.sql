{#- Every date at which a history's row may begin or end × the first of the CTE `captures` on or after it and the
    last one before it, by one of its columns: a span may begin or end at captures that are none of them. -#}
{% macro calendar(column) -%}
    select
        dates.date,
        (
            select min(captures.{{ column }}) from captures
            where captures.date >= dates.date
        ) as next_{{ column }},
        (
            select max(captures.{{ column }}) from captures
            where captures.date < dates.date
        ) as last_{{ column }}
    from (
        select captured.date from {{ ref('stg_captures') }} as captured
        union
        select date '9999-12-31' as date
    ) as dates
{%- endmacro %}
