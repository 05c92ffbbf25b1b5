-- A model counts for families by its exclusive weights; for company and region by those of its roots.
with parts as (
    select
        used.inventory,
        used.model,
        used.weight * profiles.weight as weight,
        case profiles.attribution when 'root' then 'family_root' else 'family_anchor' end as dimension,
        profiles.family as unit
    from {{ ref('fct_exposure_models') }} as used
    inner join {{ ref('stg_models') }} as keys on used.hub_id = keys.hub_id
    inner join {{ ref('int_models') }} as models on keys.model_key = models.model_key
    inner join {{ ref('int_profiles') }} as profiles on models.profile = profiles.profile
    where profiles.attribution in ('root', 'anchor')
),

-- What is in no tracked family is its maker's, where the whole model is.
made as (
    select
        parts.inventory,
        parts.model,
        parts.weight,
        case
            when families.company is not null then families.company
            when used.family_root = parts.unit then used.company
        end as company,
        case
            when families.company is not null then families.region
            when used.family_root = parts.unit then used.region
            else 'unknown'
        end as region
    from parts
    inner join
        {{ ref('fct_exposure_models') }} as used
        on parts.inventory = used.inventory and parts.model = used.model
    inner join {{ ref('dim_family') }} as families on parts.unit = families.family
    where parts.dimension = 'family_root'
),

whole as (
    select
        used.inventory,
        used.model,
        used.weight,
        unnest(
            [
                struct_pack(dimension := 'account', unit := used.publisher),
                struct_pack(dimension := 'license', unit := used.license_class),
                struct_pack(dimension := 'gating', unit := used.gating),
                struct_pack(dimension := 'quantizer', unit := coalesce(used.quantizer, 'no third party')),
                struct_pack(dimension := 'task', unit := used.task),
                struct_pack(dimension := 'size_class', unit := used.size_class)
            ]
        ) as told
    from {{ ref('fct_exposure_models') }} as used
    where used.hub_id is not null
),

not_on_record as (
    select
        used.inventory,
        used.model,
        used.weight,
        unnest(
            [
                'family_root', 'family_anchor', 'company', 'region', 'account', 'license', 'gating',
                'quantizer', 'task', 'size_class'
            ]
        ) as dimension
    from {{ ref('fct_exposure_models') }} as used
    where used.hub_id is null
),

units as (
    select
        parts.inventory,
        parts.dimension,
        parts.unit,
        parts.model,
        parts.weight
    from parts
    union all
    select
        made.inventory,
        'company' as dimension,
        made.company as unit,
        made.model,
        made.weight
    from made
    union all
    select
        made.inventory,
        'region' as dimension,
        made.region as unit,
        made.model,
        made.weight
    from made
    union all
    select
        whole.inventory,
        whole.told.dimension,
        whole.told.unit,
        whole.model,
        whole.weight
    from whole
    union all
    select
        not_on_record.inventory,
        not_on_record.dimension,
        'not on record' as unit,
        not_on_record.model,
        not_on_record.weight
    from not_on_record
),

summed as (
    select
        units.inventory,
        units.dimension,
        -- What is not a name has a space, which no account has.
        coalesce(units.unit, 'not known') as unit,
        count(distinct units.model) as models,
        sum(units.weight) as weight
    from units
    group by all
),

shared as (
    select
        summed.*,
        summed.weight / sum(summed.weight) over (partition by summed.inventory, summed.dimension)
            as exposure,
        summed.unit not in ('not known', 'not on record', 'not stated', 'no third party')
        and (
            summed.unit not in ('other', 'unknown')
            or summed.dimension in ('account', 'company', 'quantizer', 'task')
        ) as is_named,
        -- What no third party quantized depends on none: that is known.
        summed.unit <> 'no third party' as is_a_source
    from summed
),

concentrated as (
    select
        shared.inventory,
        shared.dimension,
        coalesce(sum(power(100 * shared.exposure, 2)) filter (where shared.is_named), 0) as hhi,
        coalesce(max(shared.exposure) filter (where shared.is_named), 0) as largest,
        coalesce(sum(shared.exposure) filter (where shared.is_a_source and not shared.is_named), 0) as rest,
        arg_max(shared.unit, (shared.exposure, shared.unit)) filter (where shared.is_named) as single_source
    from shared
    group by all
)

select
    shared.inventory,
    shared.dimension,
    shared.unit,
    shared.models,
    shared.weight,
    shared.exposure,
    shared.is_named,
    concentrated.hhi,
    concentrated.hhi - power(100 * concentrated.largest, 2)
    + power(100 * (concentrated.largest + concentrated.rest), 2) as hhi_high,
    concentrated.single_source,
    concentrated.largest as single_source_share
from shared
inner join
    concentrated
    on shared.inventory = concentrated.inventory and shared.dimension = concentrated.dimension
