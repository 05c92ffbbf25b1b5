{#- What a run computes anew of a table that grows by the night (config `renews`): what it held of that goes, so that a
    date that no longer counts leaves nothing behind. First: rows of the dates that are renewed. -#}
{% macro renewed_dates(column) -%}
    {{ column }} in (select renewed.date from {{ ref('stg_dates_renewed') }} as renewed)
{%- endmacro %}
{#- Likewise for months, those among them that are not whole any more included. -#}
{% macro renewed_months() -%}
    month in (select months.month from {{ ref('int_flow_months') }} as months)
{%- endmacro %}
{#- Likewise for months as of a capture that is renewed, or that is not the last one of its month any more. -#}
{% macro superseded_months() -%}
    {{ renewed_dates('as_of') }}
    or as_of not in (select captures.as_of from {{ ref('int_month_captures') }} as captures)
{%- endmacro %}
{#- Likewise for periods of either grain. -#}
{% macro renewed_periods() -%}
    (grain, period) in (
        select 'day', renewed.date from {{ ref('stg_dates_renewed') }} as renewed
        union all
        select 'month', months.month from {{ ref('int_flow_months') }} as months
    )
{%- endmacro %}
{#- Likewise for all periods from the first renewed one of their grain on. -#}
{% macro from_renewed_periods() -%}
    period >= case grain
        {%- for grain in ('day', 'month') %}
            when '{{ grain }}' then (
                select renewed_from.first_period from {{ ref('int_ranks_renewed_from') }} as renewed_from
                where renewed_from.grain = '{{ grain }}'
            )
        {%- endfor %}
    end
{%- endmacro %}
{#- Likewise for days on whose flows the renewed dates decide. -#}
{% macro reached_days(column) -%}
    {{ column }} in (select days.day from {{ ref('int_flow_days') }} as days)
{%- endmacro %}
{#- Before a table that grows by the night is written: what it held under an id that a model no longer goes by goes by
    the present one, but for the dates from which on models have become one or several; of these nothing stays.
    `until` is the last date that a row speaks of, `among` which rows hold ids in that column, `since` from when on
    nothing stays. -#}
{% macro adopt_ids(column, until, among='true', since='replaced.changed_on') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as held using {{ ref('stg_ids_replaced') }} as replaced
        where held.{{ column }} = replaced.hub_id and {{ until }} >= {{ since }} and {{ among }};
        update {{ this }} as held set {{ column }} = replaced.present_id
        from {{ ref('stg_ids_replaced') }} as replaced
        where held.{{ column }} = replaced.hub_id and replaced.hub_id <> replaced.present_id and {{ among }}
    {%- endif -%}
{%- endmacro %}
{#- Likewise in a table of months, which hold flows that begin before their last capture. -#}
{% macro adopt_ids_by_month(column, among='true') -%}
    {{ adopt_ids(column, 'last_day(held.month)', among, 'replaced.flows_from') }}
{%- endmacro %}
{#- Likewise among units that are ranked by period. -#}
{% macro adopt_ranked_ids() -%}
    {{ adopt_ids(
        'unit',
        "case held.grain when 'month' then last_day(held.period) else held.period end",
        "held.unit_type = 'model'",
        "case held.grain when 'month' then replaced.flows_from else replaced.changed_on end"
    ) }}
{%- endmacro %}
{#- Likewise in a history of half-open rows, by the ledger's keys: those that hold over such a date end there. -#}
{% macro adopt_keys_in_history() -%}
    {%- if is_incremental() -%}
        update {{ this }} as held set valid_to = replaced.changed_on
        from {{ ref('stg_ids_replaced') }} as replaced
        where
            held.model_key = replaced.model_key
            and held.valid_from < replaced.changed_on
            and (held.valid_to is null or held.valid_to > replaced.changed_on);
        delete from {{ this }} as held using {{ ref('stg_ids_replaced') }} as replaced
        where held.model_key = replaced.model_key and held.valid_from >= replaced.changed_on;
        update {{ this }} as held set model_key = replaced.present_key
        from {{ ref('stg_ids_replaced') }} as replaced
        where held.model_key = replaced.model_key and replaced.model_key <> replaced.present_key
    {%- endif -%}
{%- endmacro %}
{#- After a history is written: what has a state at captures only that do not count any more has no row that could
    replace what was held. -#}
{% macro forget_uncounted() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where valid_from not in (
            select captures.date from {{ ref('stg_captures') }} as captures where captures.verdict = 'admitted'
        )
    {%- endif -%}
{%- endmacro %}
{#- Likewise in a history of scopes: a model that is in none of the states on a date that is due, and on no other
    date. -#}
{% macro forget_scopeless() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as held using {{ ref('stg_facts_due') }} as due
        where {{ valid_on('held', 'due.date') }} and (due.date, held.model_key, held.scope) not in (
            select (verdicts.date, verdicts.model_key, verdicts.scope)
            from {{ ref('int_scope_verdicts') }} as verdicts
        )
    {%- endif -%}
{%- endmacro %}
{#- The date that a query finds, as a literal, so that a scan skips what lies outside it; one before all rows where
    it finds none. -#}
{% macro date_found(query) -%}
    {%- set found = run_query(query) if execute else none -%}
    date '{{ found.rows[0][0] if found and found.rows[0][0] else '1970-01-01' }}'
{%- endmacro %}
{#- First (`min`) and last (`max`) date that is due. -#}
{% macro due_bound(which) -%}
    {{ date_found("select " ~ which ~ "(date) from " ~ ref('stg_dates_renewed')) }}
{%- endmacro %}
{#- A column of int_flow_bounds. -#}
{% macro flow_bound(column) -%}
    {{ date_found("select " ~ column ~ " from " ~ ref('int_flow_bounds')) }}
{%- endmacro %}
{#- First and last capture whose windows stand for months that this run computes. -#}
{% macro window_bound(which) -%}
    {{ date_found("select " ~ which ~ "(window_date) from " ~ ref('int_flow_months')) }}
{%- endmacro %}
{#- The last capture that measures flow before the first date that is due. -#}
{% macro flow_capture_before_due() -%}
    {{ date_found(
        "select max(date) from " ~ ref('int_flow_captures')
        ~ " where date < (select min(date) from " ~ ref('stg_dates_renewed') ~ ")"
    ) }}
{%- endmacro %}
{#- Before milestones are written: those from the first date that is renewed on are found again. -#}
{% macro forget_milestones() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where crossed_hi >= (select min(renewed.date) from {{ ref('stg_dates_renewed') }} as renewed)
    {%- endif -%}
{%- endmacro %}
