{{
    config(
        materialized='incremental',
        renews="{{ from_renewed_periods() }}", pre_hook="{{ adopt_ranked_ids() }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}, {{ ref('stg_dates_renewed') }}, {{ ref('int_flow_months') }}

-- What a rank's past is told from: a night never reads all ranks that there were.
with renewed as (
    select ranks.*
    from {{ ref('int_ranks') }} as ranks
    inner join {{ ref('int_ranks_renewed_from') }} as renewed_from
        on ranks.grain = renewed_from.grain and ranks.period >= renewed_from.first_period
),

{% if is_incremental() %}
    held as (
        select
            records.grain,
            records.unit_type,
            records.unit,
            records.scope,
            records.attribution,
            records.metric,
            min(records.rank_min) as best_rank
        from {{ this }} as records
        group by all
    ),
{% endif %}

compared as (
    select
        renewed.grain,
        renewed.period,
        renewed.unit_type,
        renewed.unit,
        renewed.scope,
        renewed.attribution,
        renewed.metric,
        renewed.rank_min,
        min(renewed.rank_min) over (
            partition by
                renewed.grain,
                renewed.unit_type,
                renewed.unit,
                renewed.scope,
                renewed.attribution,
                renewed.metric
            order by renewed.period
            rows between unbounded preceding and 1 preceding
        ) as best_before
    from renewed
)

select compared.* exclude (best_before)
from compared
{% if is_incremental() %}
    left join
        held
        on
            compared.grain = held.grain
            and compared.unit_type = held.unit_type
            and compared.unit = held.unit
            and compared.scope = held.scope
            and compared.attribution = held.attribution
            and compared.metric = held.metric
{% endif %}
where
    compared.rank_min = 1
    or (
        compared.rank_min < coalesce(compared.best_before, compared.rank_min + 1)
        {% if is_incremental() %}
            and compared.rank_min < coalesce(held.best_rank, compared.rank_min + 1)
        {% endif %}
    )
