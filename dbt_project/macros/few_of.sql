{#- Columns of a relation, each combination once, for a join with many rows. DuckDB cannot know how few an aggregate
    leaves, and would hash the many to look the few up; what comes out of a single list it takes for few. -#}
{% macro few_of(relation, columns) -%}
    select unnest(gathered.few, max_depth := 2)
    from (
        select
            list(
                distinct struct_pack(
                    {%- for column in columns %}
                        {{ column }} := {{ relation }}.{{ column }}{{ "," if not loop.last }}
                    {%- endfor %}
                )
            ) as few
        from {{ relation }}
    ) as gathered
{%- endmacro %}
