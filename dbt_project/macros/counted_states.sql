{#- A history of states, each from where a capture that counts shows it; see stg_late_states. While none is late the
    history is read as it is. -#}
{% macro counted_states(history) -%}
    {%- set late_keys = "select late.model_key from " ~ ref('stg_late_states')
        ~ " as late where late.history = '" ~ history ~ "'" -%}
    {%- if not execute or run_query("select count(*) from (" ~ late_keys ~ ") as late").rows[0][0] == 0 -%}
        {{ source('raw', history) }}
    {%- else -%}
    (
        select states.*
        from {{ source('raw', history) }} as states
        where states.model_key not in ({{ late_keys }})
        union all
        select
            shown.* replace (
                lead(shown.valid_from) over (partition by shown.model_key order by shown.valid_from) as valid_to
            )
        from (
            select
                states.* replace (
                    case when late.history is null then states.valid_from else late.shown_from end as valid_from
                )
            from {{ source('raw', history) }} as states
            left join
                {{ ref('stg_late_states') }} as late
                on
                    late.history = '{{ history }}'
                    and states.model_key = late.model_key
                    and states.valid_from = late.valid_from
            where states.model_key in ({{ late_keys }})
        ) as shown
        where shown.valid_from is not null
    )
    {%- endif -%}
{%- endmacro %}
