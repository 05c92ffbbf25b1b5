{#- Tables and views are dropped and made anew within one transaction. dbt's own way, to make them under another
    name and to rename twice, costs four statements more for each, and guards readers of the moment in between; here
    one process has the file to itself. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {#- Python writes through a connection of its own, which must see the table gone. -#}
    {{ drop_before(load_cached_relation(this), within_transaction=model['language'] == 'sql') }}
    {% call statement('main', language=model['language']) -%}
        {{ create_table_as(False, target, compiled_code, model['language']) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {{ drop_before(load_cached_relation(this), within_transaction=True) }}
    {% call statement('main') -%}
        {{ create_view_as(target, compiled_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro drop_before(existing, within_transaction) %}
    {% if existing is not none %}
        {% call statement('drop', auto_begin=within_transaction) -%}
            drop {{ existing.type }} if exists {{ existing }}
        {%- endcall %}
    {% endif %}
{% endmacro %}
