{%- set as_of, compared_with = exposure_date('as_of'), exposure_date('compared_with') -%}

with entries as (
    select
        entries.*,
        entries.weight / sum(entries.weight) over (partition by entries.inventory) as share
    from {{ ref('int_exposure_entries') }} as entries
    where {{ has_inventories() }}
),

used as (
    select distinct
        entries.model_key,
        entries.hub_id
    from entries
    where entries.model_key is not null
),

counters as (
    select
        spans.model_key,
        max(spans.downloads_30d) filter (where {{ valid_on('spans', as_of) }}) as downloads_30d,
        max(spans.downloads_30d) filter (where {{ valid_on('spans', compared_with) }})
            as downloads_30d_before
    from {{ ref('stg_counter_spans') }} as spans
    inner join used on spans.model_key = used.model_key
    where {{ has_inventories() }} and (spans.valid_to is null or spans.valid_to > {{ compared_with }})
    group by spans.model_key
),

-- By whom a model is whose family nobody tracks: the one account that all its roots belong to.
origins as (
    select
        ancestors.hub_id,
        case
            when count(*) = count(ancestors.publisher) and count(distinct lower(ancestors.publisher)) = 1
                then min(ancestors.publisher)
        end as publisher
    from {{ ref('int_exposure_ancestors') }} as ancestors
    where ancestors.is_root
    group by ancestors.hub_id
),

relations as (
    select
        parents.hub_id,
        min(parents.relation) as relation
    from {{ ref('bridge_model_parent') }} as parents
    inner join used on parents.hub_id = used.hub_id
    where {{ has_inventories() }}
    group by parents.hub_id
),

-- The weights of a quantization are packed: its parents tell how many parameters it has.
parents as (
    select
        ancestors.hub_id,
        max(models.parameters) as parameters,
        min(models.repo_id) filter (where models.gone_on is not null) as gone_parent
    from {{ ref('int_exposure_ancestors') }} as ancestors
    inner join {{ ref('dim_model') }} as models on ancestors.ancestor_hub_id = models.hub_id
    where ancestors.depth = 1 and {{ has_inventories() }}
    group by ancestors.hub_id
),

described as (
    select
        models.* replace (
            case
                when relations.relation = 'quantized' then greatest(models.parameters, parents.parameters)
                else models.parameters
            end as parameters
        ),
        case when models.is_derivative then origins.publisher else models.publisher end as origin,
        parents.gone_parent,
        relations.relation
    from {{ ref('dim_model') }} as models
    inner join used on models.hub_id = used.hub_id
    left join parents on models.hub_id = parents.hub_id
    left join origins on models.hub_id = origins.hub_id
    left join relations on models.hub_id = relations.hub_id
    where {{ has_inventories() }}
),

owned as (
    select
        described.*,
        coalesce(families.company, makers.company, described.origin) as company,
        case
            when families.company is not null then families.region
            else coalesce(makers.region, 'unknown')
        end as region,
        coalesce(accounts.company, described.publisher) as account_company,
        accounts.kind
    from described
    left join {{ ref('dim_family') }} as families on described.family_root = families.family
    left join {{ ref('publishers') }} as makers on lower(described.origin) = makers.publisher
    left join {{ ref('publishers') }} as accounts on lower(described.publisher) = accounts.publisher
),

named as (
    select
        owned.hub_id,
        owned.family_root as family,
        owned.repo_id,
        0 as depth
    from owned
    union all
    select
        owned.hub_id,
        owned.family_root as family,
        ancestors.ancestor_repo_id as repo_id,
        ancestors.depth
    from owned
    inner join {{ ref('int_exposure_ancestors') }} as ancestors on owned.hub_id = ancestors.hub_id
),

families as (
    select distinct owned.family_root as family
    from owned
),

-- Those of the seed, and those that names of the family's own releases tell.
released as (
    select
        releases.family,
        {{ generation_of('releases.repo_id', 'releases.family') }} as generation
    from {{ ref('dim_release') }} as releases
    where releases.released_on <= {{ as_of }}
    union
    select
        names.brand as family,
        {{ generation_of('names.repo_id', 'names.brand') }} as generation
    from {{ ref('int_repo_names') }} as names
    inner join families on names.brand = families.family
    inner join {{ ref('dim_model') }} as models on names.repo_id = models.repo_id
    where names.is_anchor and models.gone_on is null and {{ has_inventories() }}
),

numbered as (
    select
        released.family,
        released.generation,
        regexp_extract(released.generation, '^[a-z]?') as letter,
        try_cast(ltrim(released.generation, 'abcdefghijklmnopqrstuvwxyz') as double) as number
    from released
    where released.generation is not null
),

-- What others call a model tells its generation only where there is one of that name.
told as (
    select
        named.hub_id,
        numbered.family,
        arg_min(numbered.generation, (named.depth, named.repo_id)) as generation
    from named
    inner join
        numbered
        on
            named.family = numbered.family
            and {{ generation_of('named.repo_id', 'named.family') }} = numbered.generation
    group by named.hub_id, numbered.family
),

lags as (
    select
        told.hub_id,
        any_value(told.generation) as generation,
        count(*) filter (where newer.number > own.number) as generations_behind,
        arg_max(newer.generation, newer.number) as newest_generation
    from told
    inner join numbered as own on told.family = own.family and told.generation = own.generation
    inner join numbered as newer on own.family = newer.family and own.letter = newer.letter
    group by told.hub_id
)

select
    entries.inventory,
    entries.model,
    entries.weight,
    entries.share,
    entries.place,
    {{ as_of }} as as_of,
    {{ compared_with }} as compared_with,
    owned.hub_id,
    owned.repo_id,
    owned.publisher,
    owned.family_root,
    owned.family_anchor,
    owned.company,
    owned.region,
    owned.license,
    case when owned.hub_id is not null then {{ license_class('owned.license', 'classes') }} end
        as license_class,
    owned.gating,
    case
        when
            (owned.relation = 'quantized' or owned.kind = 'repackager')
            and not coalesce(owned.account_company = owned.company, false)
            then owned.publisher
    end as quantizer,
    owned.task,
    case when owned.hub_id is not null then {{ size_class('owned.parameters') }} end as size_class,
    owned.parameters,
    counters.downloads_30d,
    counters.downloads_30d_before,
    owned.gone_on,
    owned.gone_parent,
    coalesce(lower(owned.repo_id) <> lower(entries.named_as), false) as is_renamed,
    coalesce(
        counters.downloads_30d_before >= 1000
        and counters.downloads_30d <= counters.downloads_30d_before / 2,
        false
    ) as is_falling,
    lags.generation,
    lags.newest_generation,
    lags.generations_behind,
    nearest.nearest
from entries
left join owned on entries.hub_id = owned.hub_id
left join counters on entries.model_key = counters.model_key
left join {{ ref('license_classes') }} as classes on lower(owned.license) = classes.license
left join lags on entries.hub_id = lags.hub_id
left join
    {{ ref('int_exposure_nearest') }} as nearest
    on entries.hub_id is null and entries.named_as = nearest.named_as
