select
    replaced.model_key,
    replaced.present_key,
    models.hub_id,
    present_models.hub_id as present_id,
    replaced.changed_on,
    coalesce(
        (
            select max(captures.date)
            from {{ ref('stg_captures') }} as captures
            where
                captures.date < replaced.changed_on
                and captures.has_flow
                and captures.has_all_time
                and captures.date not in (select due.date from {{ source('raw', 'facts_due') }} as due)
        ),
        replaced.changed_on
    ) as flows_from
from {{ source('raw', 'ids_replaced') }} as replaced
inner join {{ source('raw', 'models') }} as models on replaced.model_key = models.model_key
inner join
    {{ source('raw', 'models') }} as present_models
    on replaced.present_key = present_models.model_key
