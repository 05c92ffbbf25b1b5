-- A model goes by its name now or by one it bore before; a name belongs to whoever is listed under it, or
-- else to whoever bore it last.
with wanted as (
    select distinct lower(entries.repo_id) as repo_name
    from {{ ref('stg_inventory_entries') }} as entries
),

bearers as (
    select
        wanted.repo_name,
        arg_max(
            models.model_key,
            (models.gone_on is null and names.valid_to is null, names.valid_from, keys.hub_id)
        ) as model_key
    from {{ ref('stg_model_names') }} as names
    inner join wanted on lower(names.repo_id) = wanted.repo_name
    inner join {{ ref('int_models') }} as models on names.model_key = models.model_key
    inner join {{ ref('stg_models') }} as keys on names.model_key = keys.model_key
    group by wanted.repo_name
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
