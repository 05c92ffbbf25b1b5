{{ config(materialized='view') }}

select
    models.hub_id,
    spans.scope,
    spans.rule is null as is_member,
    spans.rule,
    spans.valid_from,
    spans.valid_to
from {{ ref('int_scope_spans') }} as spans
inner join {{ ref('stg_models') }} as models on spans.model_key = models.model_key
