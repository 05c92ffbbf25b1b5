{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='month',
        on_schema_change='fail', pre_hook=[
            "{{ forget_renewed_months() }}",
            "{{ adopt_ids('hub_id', 'last_day(held.month)') }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

select
    parts.month,
    models.hub_id,
    parts.basis,
    'raw' as variant,
    cast(sum(parts.downloads) as double) as downloads,
    any_value(case when parts.basis = 'counter' then months.confidence end) as confidence
from {{ ref('int_flow_parts') }} as parts
inner join {{ ref('int_flow_months') }} as months on parts.month = months.month
inner join {{ ref('stg_models') }} as models on parts.model_key = models.model_key
group by parts.month, models.hub_id, parts.basis
