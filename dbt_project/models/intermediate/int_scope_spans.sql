{{
    config(
        materialized='incremental', unique_key=['model_key', 'scope'], pre_hook="{{ adopt_keys_in_history() }}",
        post_hook=["{{ forget_uncounted() }}", "{{ forget_scopeless() }}"]
    )
}}

-- depends_on: {{ ref('stg_captures') }}, {{ ref('stg_facts_due') }}, {{ ref('stg_ids_replaced') }}

with {{ history_of(ref('int_scope_verdicts'), key=['model_key', 'scope'], state=['rule']) }}
