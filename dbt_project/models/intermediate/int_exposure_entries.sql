-- A model goes by its name now or by one it bore before.
with wanted as (
    select distinct lower(entries.repo_id) as repo_name
    from {{ ref('stg_inventory_entries') }} as entries
),

bearers as (
    {{ bearers_of('wanted') }}
)

select
    entries.inventory,
    entries.model,
    entries.repo_id as named_as,
    entries.weight,
    entries.place,
    bearers.model_key,
    keys.hub_id
from {{ ref('stg_inventory_entries') }} as entries
left join bearers on lower(entries.repo_id) = bearers.repo_name
left join {{ ref('stg_models') }} as keys on bearers.model_key = keys.model_key
