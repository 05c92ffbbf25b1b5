{{
    config(
        materialized='incremental',
        renews="{{ renewed_months() }}", pre_hook="{{ adopt_ids_by_month('hub_id') }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

select
    months.month,
    models.hub_id,
    spikes.from_on,
    spikes.to_on,
    spikes.kind,
    cast(spikes.downloads as bigint) as downloads,
    spikes.downloads_robust,
    spikes.downloads_a_day,
    spikes.median_a_day,
    spikes.z
from {{ ref('int_flow_spikes') }} as spikes
inner join
    {{ ref('int_flow_months') }} as months
    on spikes.from_on >= months.month and spikes.from_on < months.next_month
inner join {{ ref('stg_models') }} as models on spikes.model_key = models.model_key
where months.has_counter
