{{ config(materialized='view') }}

-- A model that counts for several families is shown under the largest part, the first by name if equal.
with families as (
    select
        profiles.profile,
        arg_max(profiles.family, profiles.weight order by profiles.family) filter (
            where profiles.attribution = 'brand'
        ) as brand,
        arg_max(profiles.family, profiles.weight order by profiles.family) filter (
            where profiles.attribution = 'root'
        ) as root,
        arg_max(profiles.family, profiles.weight order by profiles.family) filter (
            where profiles.attribution = 'anchor'
        ) as anchor
    from {{ ref('int_profiles') }} as profiles
    group by profiles.profile
)

select
    keys.hub_id,
    states.repo_id,
    states.publisher,
    families.brand as family_brand,
    families.root as family_root,
    families.anchor as family_anchor,
    states.created_on,
    models.first_seen_on,
    models.last_seen_on,
    models.gone_on,
    states.task,
    states.library,
    states.license,
    case states.gated when 'false' then 'open' when 'true' then 'gated' else states.gated end as gating,
    states.parameters,
    {{ size_class('states.parameters') }} as size_class,
    models.is_derivative
from {{ ref('int_models') }} as models
inner join
    {{ ref('stg_model_attributes') }} as states
    on models.model_key = states.model_key and states.valid_to is null
inner join {{ ref('stg_models') }} as keys on models.model_key = keys.model_key
inner join families on models.profile = families.profile
