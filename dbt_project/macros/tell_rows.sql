{#- After a table is written: how many rows it has, as dbt's word on it ("SELECT 12"), where Dagster reads it while dbt
    holds the file. Not of views, which would be computed for it. -#}
{% macro tell_rows() -%}
    {%- if execute and model.config.materialized != 'view' -%}
        {%- set rows = run_query("select count(*) from " ~ this).rows[0][0] -%}
        {%- do store_raw_result('main', message="SELECT " ~ rows, code="SELECT", rows_affected=rows) -%}
    {%- endif -%}
{%- endmacro %}
