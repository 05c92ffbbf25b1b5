{{
    config(
        materialized='incremental', incremental_strategy='delete+insert',
        unique_key=['hub_id', 'scope'], on_schema_change='fail',
        pre_hook="{{ adopt_ids_in_history() }}", post_hook="{{ forget_scopeless() }}"
    )
}}

-- depends_on: {{ ref('stg_captures') }}, {{ ref('stg_facts_due') }}, {{ ref('stg_ids_replaced') }}

with due_verdicts as (
    select
        verdicts.date,
        models.hub_id,
        verdicts.scope,
        verdicts.rule is null as is_member,
        verdicts.rule
    from {{ ref('int_scope_verdicts') }} as verdicts
    inner join {{ ref('stg_models') }} as models on verdicts.model_key = models.model_key
),

{{ history_of('due_verdicts', key=['hub_id', 'scope'], state=['is_member', 'rule']) }}
