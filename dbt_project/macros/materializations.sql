{#- Tables and views are dropped and made anew by one statement, within a transaction. dbt's own way, to make them under
    another name and to rename twice, costs several statements more for each, and guards readers of the moment in
    between; here one process has the file to itself.

    Each table tells how many rows it has, as dbt's word on it ("SELECT 12"), where Dagster reads it while dbt holds the
    file. Views do not: they would be computed for it. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {% if model['language'] == 'sql' %}
        {% call statement('main', fetch_result=True) -%}
            {{ drop_of(existing) }}
            {{ create_table_as(False, target, compiled_code) }}
        {%- endcall %}
        {{ tell_rows(load_result('main').table) }}
    {% else %}
        {#- Python writes through a connection of its own, which must see the table gone. -#}
        {% if existing is not none %}
            {% call statement('drop', auto_begin=False) -%}{{ drop_of(existing) }}{%- endcall %}
        {% endif %}
        {% call statement('main', language='python') -%}
            {{ create_table_as(False, target, compiled_code, 'python') }}
        {%- endcall %}
        {{ tell_rows(run_query("select count(*) from " ~ this)) }}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {{ drop_of(load_cached_relation(this)) }}
        {{ create_view_as(target, compiled_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb', supported_languages=['sql'] %}
    {%- set made = dbt.materialization_incremental_duckdb() -%}
    {{ tell_rows(run_query("select count(*) from " ~ this)) }}
    {{ return(made) }}
{% endmaterialization %}

{% macro drop_of(existing) -%}
    {%- if existing is not none -%}
        drop {{ existing.type }} if exists {{ existing }};
    {%- endif -%}
{%- endmacro %}

{% macro tell_rows(counted) -%}
    {%- set rows = counted.rows[0][0] -%}
    {%- do store_raw_result('main', message="SELECT " ~ rows, code="SELECT", rows_affected=rows) -%}
{%- endmacro %}
