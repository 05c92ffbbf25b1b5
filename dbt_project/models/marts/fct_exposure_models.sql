with entries as (
    select
        entries.*,
        entries.weight / sum(entries.weight) over (partition by entries.inventory) as share
    from {{ ref('int_exposure_entries') }} as entries
),

newest as (
    select max(captures.date) as date
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted'
),

dates as (
    select
        newest.date as as_of,
        -- Downloads of 30 days overlap for less than these.
        coalesce(
            max(captures.date) filter (where captures.date <= newest.date - 28),
            min(captures.date) filter (where captures.date < newest.date)
        ) as compared_with
    from {{ ref('stg_captures') }} as captures
    cross join newest
    where captures.verdict = 'admitted'
    group by newest.date
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
        max(spans.downloads_30d) filter (where {{ valid_on('spans', 'dates.as_of') }}) as downloads_30d,
        max(spans.downloads_30d) filter (where {{ valid_on('spans', 'dates.compared_with') }})
            as downloads_30d_before
    from {{ ref('stg_counter_spans') }} as spans
    inner join used on spans.model_key = used.model_key
    inner join dates on spans.valid_to is null or spans.valid_to > dates.compared_with
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
    group by parents.hub_id
),

described as (
    select
        models.*,
        case when models.is_derivative then origins.publisher else models.publisher end as origin,
        relations.relation
    from {{ ref('dim_model') }} as models
    inner join used on models.hub_id = used.hub_id
    left join origins on models.hub_id = origins.hub_id
    left join relations on models.hub_id = relations.hub_id
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

told as (
    select
        named.hub_id,
        named.family,
        named.depth,
        named.repo_id,
        {{ generation_of('named.repo_id', 'named.family') }} as generation
    from named
),

generations as (
    select
        told.hub_id,
        told.family,
        arg_min(told.generation, (told.depth, told.repo_id)) as generation
    from told
    where told.generation is not null
    group by told.hub_id, told.family
),

released as (
    select distinct
        releases.family,
        {{ generation_of('releases.repo_id', 'releases.family') }} as generation
    from {{ ref('dim_release') }} as releases
    inner join dates on releases.released_on <= dates.as_of
),

lags as (
    select
        generations.hub_id,
        any_value(generations.generation) as generation,
        count(released.generation) filter (
            where
            try_cast(ltrim(released.generation, 'abcdefghijklmnopqrstuvwxyz') as double)
            > try_cast(ltrim(generations.generation, 'abcdefghijklmnopqrstuvwxyz') as double)
        ) as generations_behind,
        arg_max(
            released.generation,
            try_cast(ltrim(released.generation, 'abcdefghijklmnopqrstuvwxyz') as double)
        ) as newest_generation
    from generations
    inner join
        released
        on
            generations.family = released.family
            and regexp_extract(generations.generation, '^[a-z]?')
            = regexp_extract(released.generation, '^[a-z]?')
    group by generations.hub_id
)

select
    entries.inventory,
    entries.model,
    entries.weight,
    entries.share,
    entries.place,
    dates.as_of,
    dates.compared_with,
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
    owned.size_class,
    owned.parameters,
    counters.downloads_30d,
    counters.downloads_30d_before,
    owned.gone_on,
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
cross join dates
left join owned on entries.hub_id = owned.hub_id
left join counters on entries.model_key = counters.model_key
left join {{ ref('license_classes') }} as classes on lower(owned.license) = classes.license
left join lags on entries.hub_id = lags.hub_id
left join
    {{ ref('int_exposure_nearest') }} as nearest
    on entries.hub_id is null and entries.named_as = nearest.named_as
