{%- set as_of, compared_with = exposure_date('as_of'), exposure_date('compared_with') -%}

with wanted as (
    select
        used.inventory,
        used.model,
        used.hub_id,
        used.company,
        used.task,
        used.size_class,
        used.license,
        used.license_class,
        coalesce(classes.strictness, 5) as strictness,
        list_contains(cards.tags, 'conversational') as is_chat
    from {{ ref('fct_exposure_models') }} as used
    inner join {{ ref('stg_models') }} as keys on used.hub_id = keys.hub_id
    inner join
        {{ ref('stg_model_cards') }} as cards
        on keys.model_key = cards.model_key and {{ is_newest('cards') }}
    left join {{ ref('license_classes') }} as classes on lower(used.license) = classes.license
    where
        {{ has_inventories() }}
        and used.size_class <> 'unknown'
        and used.task is not null and used.company is not null
),

kinds as (
    select distinct
        wanted.task,
        wanted.size_class
    from wanted
),

candidates as (
    select
        keys.model_key,
        models.hub_id,
        models.repo_id,
        models.task,
        models.size_class,
        models.license,
        makers.company
    from {{ ref('dim_model') }} as models
    inner join kinds on models.task = kinds.task and models.size_class = kinds.size_class
    inner join {{ ref('stg_models') }} as keys on models.hub_id = keys.hub_id
    inner join {{ ref('publishers') }} as makers on lower(models.publisher) = makers.publisher
    left join {{ ref('dim_family') }} as families on models.family_root = families.family
    where
        models.gone_on is null
        and makers.kind = 'lab'
        and not regexp_matches(
            lower(models.repo_id), '(gguf|gptq|awq|mlx|bnb|fp8|nvfp4|mxfp4|int4|int8|[248]-?bit)'
        )
        and models.hub_id not in (
            select parents.hub_id from {{ ref('bridge_model_parent') }} as parents
            where parents.relation = 'quantized'
        )
        and makers.company is not distinct from coalesce(families.company, makers.company)
),

counters as (
    select
        candidates.hub_id,
        max(spans.downloads_30d) filter (where {{ valid_on('spans', as_of) }}) as downloads_30d,
        max(spans.downloads_30d) filter (where {{ valid_on('spans', compared_with) }})
            as downloads_30d_before
    from candidates
    inner join {{ ref('stg_counter_spans') }} as spans on candidates.model_key = spans.model_key
    where spans.valid_to is null or spans.valid_to > {{ compared_with }}
    group by candidates.hub_id
),

rising as (
    select
        candidates.*,
        counters.downloads_30d,
        counters.downloads_30d_before,
        classes.strictness,
        classes.license_class,
        list_contains(cards.tags, 'conversational') as is_chat
    from candidates
    inner join counters on candidates.hub_id = counters.hub_id
    inner join
        {{ ref('stg_model_cards') }} as cards
        on candidates.model_key = cards.model_key and {{ is_newest('cards') }}
    -- What nobody classed may be as strict as it likes.
    inner join {{ ref('license_classes') }} as classes on lower(candidates.license) = classes.license
    where counters.downloads_30d >= 1000 and counters.downloads_30d >= 1.01 * counters.downloads_30d_before
),

ranked as (
    select
        wanted.inventory,
        wanted.model,
        wanted.license as license_now,
        rising.*,
        row_number() over (
            partition by wanted.inventory, wanted.model
            order by rising.downloads_30d desc, rising.repo_id asc
        ) as place
    from wanted
    inner join
        rising
        on
            wanted.task = rising.task
            and wanted.size_class = rising.size_class
            and wanted.is_chat is not distinct from rising.is_chat
            and wanted.company <> rising.company
            and wanted.strictness >= rising.strictness
)

select
    ranked.inventory,
    ranked.model,
    ranked.place,
    ranked.hub_id,
    ranked.repo_id,
    ranked.company,
    ranked.license,
    ranked.license_class,
    ranked.downloads_30d,
    ranked.downloads_30d_before,
    concat(
        'same task (', ranked.task, ') and size (', ranked.size_class, '); licence ', ranked.license,
        ' (', ranked.license_class, '), now ', coalesce(ranked.license_now, 'none stated'), '; ',
        format('{:,}', ranked.downloads_30d), ' downloads of 30 days, ',
        format('{:,}', ranked.downloads_30d_before), ' on ', {{ compared_with }}
    ) as reason
from ranked
where ranked.place <= 3
