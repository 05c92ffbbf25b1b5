{#- The months of claims about single models, as constants: a scan skips all others. -#}
{% macro claimed_model_months() -%}
    {%- set found = run_query(
        "select distinct unnest(generate_series(date_trunc('month', as_of_from), as_of_to, interval 1 month))::date"
        ~ " from " ~ ref('reported_claims') ~ " where entity_type = 'model' order by 1"
    ) if execute else none -%}
    {%- for month in (found.rows if found else []) %}date '{{ month[0] }}', {% endfor %}date '1970-01-01'
{%- endmacro %}
