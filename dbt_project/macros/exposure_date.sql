{#- The newest date that counts (as_of), or the one that its downloads are compared with (compared_with: the last one
    28 days or more before, for which windows of 30 days hardly overlap, or else the first), as a literal: a scan of
    spans skips what ended before. -#}
{% macro exposure_date(which) -%}
    {%- set captures = ref('stg_captures') -%}
    {%- set newest = "(select max(date) from " ~ captures ~ " where verdict = 'admitted')" -%}
    {%- set found = run_query(
        "select " ~ newest ~ " as as_of, coalesce(max(date) filter (where date <= " ~ newest ~ " - 28), "
        ~ "min(date) filter (where date < " ~ newest ~ ")) as compared_with from " ~ captures
        ~ " where verdict = 'admitted'"
    ) if execute else none -%}
    {%- set date = found.rows[0][which] if found else none -%}
    cast({{ "'" ~ date ~ "'" if date else 'null' }} as date)
{%- endmacro %}
