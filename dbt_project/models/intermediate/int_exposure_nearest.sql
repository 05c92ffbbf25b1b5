-- Names like those that nobody bore: of the same account, under another account, or of much used models. For
-- the entries that weigh most, since each is compared with thousands of names.
with unknown as (
    select
        entries.named_as,
        lower(entries.named_as) as named,
        lower(split_part(entries.named_as, '/', 1)) as owner_name,
        lower(regexp_extract(entries.named_as, '[^/]*$')) as short_name
    from {{ ref('int_exposure_entries') }} as entries
    where entries.model_key is null
    group by entries.named_as
    order by max(entries.weight) desc, entries.named_as asc
    limit 1000
),

listed as (
    select
        models.repo_id,
        lower(models.repo_id) as named,
        lower(models.publisher) as owner_name,
        lower(regexp_extract(models.repo_id, '[^/]*$')) as short_name,
        counters.downloads_30d
    from {{ ref('dim_model') }} as models
    inner join {{ ref('stg_models') }} as keys on models.hub_id = keys.hub_id
    left join
        {{ ref('stg_counter_spans') }} as counters
        on keys.model_key = counters.model_key and counters.valid_to is null
    where models.gone_on is null and exists (select 1 from unknown)
),

used as (
    select listed.*
    from listed
    order by listed.downloads_30d desc nulls last, listed.repo_id asc
    limit 20000
),

candidates as (
    select
        unknown.named_as,
        unknown.named,
        listed.repo_id,
        listed.named as other,
        listed.downloads_30d
    from unknown
    inner join listed on unknown.short_name = listed.short_name
    union
    select
        unknown.named_as,
        unknown.named,
        listed.repo_id,
        listed.named as other,
        listed.downloads_30d
    from unknown
    inner join listed on unknown.owner_name = listed.owner_name
    union
    select
        unknown.named_as,
        unknown.named,
        used.repo_id,
        used.named as other,
        used.downloads_30d
    from unknown
    cross join used
),

compared as (
    select
        candidates.named_as,
        candidates.repo_id,
        candidates.downloads_30d,
        jaro_winkler_similarity(candidates.named, candidates.other) as similarity
    from candidates
),

best as (
    select
        compared.*,
        row_number() over (
            partition by compared.named_as
            order by compared.similarity desc, compared.downloads_30d desc nulls last, compared.repo_id asc
        ) as place
    from compared
    where compared.similarity > 0.85
)

select
    best.named_as,
    string_agg(best.repo_id, ', ' order by best.place) as nearest
from best
where best.place <= 3
group by best.named_as
