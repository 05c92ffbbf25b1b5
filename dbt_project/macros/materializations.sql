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

{#- What a table held, and what the SQL says anew. With a condition `renews` it comes in place of rows that fulfil it,
    and only rows that do are added, so that what the SQL reads may be of another run; with a `unique_key`, in place of
    rows with the same; with neither it is added. All of it is one text that DuckDB runs at once; each statement more
    has dbt's price. -#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_kept = existing is not none and existing.is_table and not should_full_refresh() -%}
    {%- set renewed = render(config.get('renews', '')) -%}
    {%- do require_same_columns(target, compiled_code) if is_kept -%}
    {% call statement('main', fetch_result=True) -%}
        {% if is_kept and renewed %}
            delete from {{ target }} where {{ renewed }};
        {% endif %}
        {{ text_of(pre_hooks) }}
        {% if is_kept %}
            {{ insert_of(target, compiled_code, renewed) }}
        {% else %}
            {{ drop_of(existing) }}
            {{ create_table_as(False, target, compiled_code) }};
        {% endif %}
        {{ text_of(post_hooks) }}
        select count(*) from {{ target }}
    {%- endcall %}
    {{ tell_rows(load_result('main').table) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- A table whose model has other columns by now is made anew from the captures. -#}
{% macro require_same_columns(target, sql) -%}
    {%- set held = columns_of("from " ~ target) -%}
    {%- set made = columns_of(sql) -%}
    {%- if held != made -%}
        {%- do exceptions.raise_compiler_error(
            target ~ " has other columns than its model: run `make rebuild`. The table alone has "
            ~ (held | reject('in', made) | join(', ') or 'none') ~ "; the model alone "
            ~ (made | reject('in', held) | join(', ') or 'none')
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#- Names and types of a query's columns, whatever their order. -#}
{% macro columns_of(sql) -%}
    {%- set told = [] -%}
    {%- for column in adapter.get_column_schema_from_query(sql) -%}
        {%- do told.append(column.name ~ " " ~ column.dtype) -%}
    {%- endfor -%}
    {{ return(told | sort) }}
{%- endmacro %}

{% macro insert_of(target, sql, renewed) -%}
    {%- set unique_key = config.get('unique_key') -%}
    {%- if unique_key -%}
        {%- set key = unique_key if unique_key is string else unique_key | join(', ') -%}
        create or replace temporary table fresh as
        {{ sql }}
        ;
        delete from {{ target }} where ({{ key }}) in (select ({{ key }}) from fresh);
        insert into {{ target }} by name from fresh;
        drop table fresh;
    {%- else -%}
        insert into {{ target }} by name
        select * from (
            {{ sql }}
        ) where {{ renewed or 'true' }};
    {%- endif -%}
{%- endmacro %}

{#- Hooks that have something to do, each ended. -#}
{% macro text_of(hooks) -%}
    {%- for hook in hooks -%}
        {%- set text = render(hook.get('sql')) | trim -%}
        {%- if text %}{{ text }};{% endif %}
    {%- endfor -%}
{%- endmacro %}

{% macro drop_of(existing) -%}
    {%- if existing is not none -%}
        drop {{ existing.type }} if exists {{ existing }};
    {%- endif -%}
{%- endmacro %}

{% macro tell_rows(counted) -%}
    {%- set rows = counted.rows[0][0] -%}
    {%- do store_raw_result('main', message="SELECT " ~ rows, code="SELECT", rows_affected=rows) -%}
{%- endmacro %}
