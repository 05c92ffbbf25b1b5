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
    names.repo_id,
    names.publisher,
    families.brand as family_brand,
    families.root as family_root,
    families.anchor as family_anchor,
    names.created_on,
    models.first_seen_on,
    models.last_seen_on,
    models.gone_on,
    names.task,
    cards.library,
    cards.license,
    case cards.gated when 'false' then 'open' when 'true' then 'gated' else cards.gated end as gating,
    cards.parameters,
    {{ size_class('cards.parameters') }} as size_class,
    models.is_derivative
from {{ ref('int_models') }} as models
inner join
    {{ ref('stg_model_names') }} as names
    on models.model_key = names.model_key and {{ is_newest('names') }}
inner join
    {{ ref('stg_model_cards') }} as cards
    on models.model_key = cards.model_key and {{ is_newest('cards') }}
inner join {{ ref('stg_models') }} as keys on models.model_key = keys.model_key
inner join families on models.profile = families.profile
