{#- Before an incremental model is written: what it held for the dates that are renewed goes, so that a
    date that no longer counts leaves nothing behind. -#}
{% macro forget_renewed(column) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ column }} in (select renewed.date from {{ ref('stg_dates_renewed') }} as renewed)
    {%- endif -%}
{%- endmacro %}
{#- Likewise for months, those among them that are not whole any more included. -#}
{% macro forget_renewed_months() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where month in (select months.month from {{ ref('int_flow_months') }} as months)
    {%- endif -%}
{%- endmacro %}
{#- Likewise months as of a capture that is renewed, or that is not the last one of its month any more. -#}
{% macro forget_superseded_months() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where as_of in (select renewed.date from {{ ref('stg_dates_renewed') }} as renewed)
            or as_of not in (select captures.as_of from {{ ref('int_month_captures') }} as captures)
    {%- endif -%}
{%- endmacro %}
{#- Likewise what it held under an id that a model no longer goes by. -#}
{% macro forget_replaced_ids() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where hub_id in (select replaced.hub_id from {{ ref('stg_ids_replaced') }} as replaced)
    {%- endif -%}
{%- endmacro %}
{#- After a history of models is written: those that dim_model does not show have none. -#}
{% macro forget_unlisted_models() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where hub_id not in (select models.hub_id from {{ ref('dim_model') }} as models)
    {%- endif -%}
{%- endmacro %}
{#- First and last date that is due, as literals: a scan skips what lies outside them. -#}
{% macro due_bound(which) -%}
    {%- set found = run_query("select " ~ which ~ "(date) from " ~ ref('stg_dates_renewed')) if execute else none -%}
    date '{{ found.rows[0][0] if found and found.rows[0][0] else '1970-01-01' }}'
{%- endmacro %}
