{{
    config(
        materialized='incremental', incremental_strategy='delete+insert',
        unique_key=['hub_id', 'attribution'], on_schema_change='fail',
        pre_hook="{{ adopt_ids_in_history() }}"
    )
}}

-- depends_on: {{ ref('stg_captures') }}, {{ ref('stg_facts_due') }}, {{ ref('stg_ids_replaced') }}

with due_weights as (
    select
        weights.date,
        models.hub_id,
        weights.attribution,
        weights.family,
        cast(weights.weight as double) as weight,
        weights.evidence
    from {{ ref('int_family_weights') }} as weights
    inner join {{ ref('stg_models') }} as models on weights.model_key = models.model_key
),

{{ history_of('due_weights', key=['hub_id', 'attribution'], state=['family', 'weight', 'evidence']) }}
