{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='date',
        on_schema_change='fail', pre_hook=[
            "{{ forget_renewed('date') }}",
            "{{ adopt_ids('unit', 'held.date', among=\"held.unit_type = 'model'\") }}"
        ]
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('stg_ids_replaced') }}

-- Only units with downloads are ranked, and of models and publishers the first thousand are kept.
with model_values as (
    select
        scoped.date,
        'model' as unit_type,
        attributes.hub_id as unit,
        days.repo_id as unit_name,
        scoped.scope,
        'publisher' as attribution,
        cast(scoped.downloads_30d as double) as value,
        days.downloads_all_time as tie_break
    from {{ ref('int_scope_days') }} as scoped
    inner join
        {{ ref('int_model_days') }} as days
        on scoped.date = days.date and scoped.model_key = days.model_key
    inner join {{ ref('stg_models') }} as attributes on scoped.model_key = attributes.model_key
    where scoped.downloads_30d > 0
),

publisher_values as (
    select
        scoped.date,
        'publisher' as unit_type,
        days.publisher as unit,
        days.publisher as unit_name,
        scoped.scope,
        'publisher' as attribution,
        cast(sum(scoped.downloads_30d) as double) as value,
        sum(days.downloads_all_time) as tie_break
    from {{ ref('int_scope_days') }} as scoped
    inner join
        {{ ref('int_model_days') }} as days
        on scoped.date = days.date and scoped.model_key = days.model_key
    where days.publisher is not null
    group by scoped.date, scoped.scope, days.publisher
    having sum(scoped.downloads_30d) > 0
),

family_values as (
    select
        shares.date,
        'family' as unit_type,
        shares.family as unit,
        shares.family as unit_name,
        shares.scope,
        shares.attribution,
        shares.downloads as value,
        null as tie_break
    from {{ ref('fct_family_share_daily') }} as shares
    where
        shares.date in (select due.date from {{ ref('stg_facts_due') }} as due)
        and shares.family not in ('other', 'unknown')
        and shares.downloads > 0
),

unit_values as (
    select * from model_values
    union all
    select * from publisher_values
    union all
    select * from family_values
),

ranked as (
    select
        unit_values.*,
        rank() over by_value as rank_min,
        dense_rank() over by_value as rank_dense,
        row_number() over (
            partition by
                unit_values.date, unit_values.unit_type, unit_values.scope, unit_values.attribution
            order by
                unit_values.value desc,
                unit_values.tie_break desc nulls last,
                unit_values.unit_name asc,
                unit_values.unit asc
        ) as rank_ordinal,
        count(*) over (
            partition by
                unit_values.date,
                unit_values.unit_type,
                unit_values.scope,
                unit_values.attribution,
                unit_values.value
        ) as tied
    from unit_values
    window
        by_value as (
            partition by
                unit_values.date, unit_values.unit_type, unit_values.scope, unit_values.attribution
            order by unit_values.value desc
        )
)

select
    ranked.date,
    ranked.unit_type,
    ranked.unit,
    ranked.unit_name,
    ranked.scope,
    ranked.attribution,
    'downloads_30d' as metric,
    ranked.value,
    ranked.rank_min,
    ranked.rank_dense,
    ranked.rank_ordinal,
    ranked.rank_min as rank_best,
    ranked.rank_min + ranked.tied - 1 as rank_worst
from ranked
where ranked.unit_type = 'family' or ranked.rank_ordinal <= 1000
