{{
    config(
        materialized='incremental', unique_key='model_key', pre_hook="{{ adopt_keys_in_history() }}",
        post_hook="{{ forget_uncounted() }}"
    )
}}

-- depends_on: {{ ref('stg_captures') }}, {{ ref('stg_facts_due') }}, {{ ref('stg_ids_replaced') }}

with {{ history_of(ref('int_model_profiles'), key=['model_key'], state=['profile']) }}
