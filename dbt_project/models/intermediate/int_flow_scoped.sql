with named as (
    select
        parts.*,
        models.hub_id,
        attributes.repo_id,
        attributes.publisher
    from {{ ref('int_flow_parts') }} as parts
    inner join
        {{ ref('stg_model_attributes') }} as attributes
        on parts.model_key = attributes.model_key and {{ valid_on('attributes', 'parts.as_of') }}
    inner join {{ ref('stg_models') }} as models on parts.model_key = models.model_key
)

select
    named.*,
    scopes.scope
from named
inner join {{ ref('scopes') }} as scopes on scopes.tasks = '*'
union all
select
    named.*,
    bridge.scope
from named
inner join
    {{ ref('bridge_model_scope') }} as bridge
    on named.hub_id = bridge.hub_id and {{ valid_on('bridge', 'named.as_of') }}
where bridge.is_member
