{#- Whether there is anything to audit, as a literal: where there is not, nothing is read. -#}
{% macro has_inventories() -%}
    {%- set entries = ref('stg_inventory_entries') -%}
    {%- set found = run_query("select count(*) from " ~ entries) if execute else none -%}
    {{ 'true' if found is none or found.rows[0][0] else 'false' }}
{%- endmacro %}
