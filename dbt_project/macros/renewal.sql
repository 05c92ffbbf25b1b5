{#- Before an incremental model is written: what it held for the dates that are renewed goes, so that a
    date that no longer counts leaves nothing behind. -#}
{% macro forget_renewed(column) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ column }} in (select renewed.date from {{ ref('stg_dates_renewed') }} as renewed)
    {%- endif -%}
{%- endmacro %}
{#- First and last date that is due, as literals: a scan skips what lies outside them. -#}
{% macro due_bound(which) -%}
    {%- set found = run_query("select " ~ which ~ "(date) from " ~ ref('stg_dates_renewed')) if execute else none -%}
    date '{{ found.rows[0][0] if found and found.rows[0][0] else '1970-01-01' }}'
{%- endmacro %}
