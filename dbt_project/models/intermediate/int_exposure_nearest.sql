-- Names like those that nobody bore: of the same account, under another account, or of much used models. For
-- the entries that weigh most, since each is compared with thousands of names.
with unknown as (
    select
        entries.named_as,
        lower(entries.named_as) as named,
        lower(split_part(entries.named_as, '/', 1)) as owner_name,
        lower(regexp_extract(entries.named_as, '[^/]*$')) as short_name
    from {{ ref('int_exposure_entries') }} as entries
    where entries.model_key is null and {{ has_inventories() }}
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
    where models.gone_on is null and {{ has_inventories() }}
),

used as (
    select listed.*
    from listed
    order by listed.downloads_30d desc nulls last, listed.repo_id asc
    limit 20000
),

-- Some accounts and names have tens of thousands: the most used of them.
{% for column in ('owner_name', 'short_name') %}
    of_{{ column }} as (
        select
            listed.*,
            row_number() over (
                partition by listed.{{ column }}
                order by listed.downloads_30d desc nulls last, listed.repo_id asc
            ) as place
        from listed
        where listed.{{ column }} in (select unknown.{{ column }} from unknown)
    ),
{% endfor %}

candidates as (
    {% for column in ('owner_name', 'short_name') %}
        select
            unknown.named_as,
            others.repo_id,
            others.downloads_30d,
            jaro_winkler_similarity(unknown.named, others.named) as similarity
        from unknown
        inner join of_{{ column }} as others
            on unknown.{{ column }} = others.{{ column }} and others.place <= 1000
        union all
    {% endfor %}
    select
        unknown.named_as,
        used.repo_id,
        used.downloads_30d,
        jaro_winkler_similarity(unknown.named, used.named) as similarity
    from unknown
    cross join used
),

alike as (
    select distinct candidates.*
    from candidates
    where candidates.similarity > 0.85
),

best as (
    select
        alike.*,
        row_number() over (
            partition by alike.named_as
            order by alike.similarity desc, alike.downloads_30d desc nulls last, alike.repo_id asc
        ) as place
    from alike
)

select
    best.named_as,
    string_agg(best.repo_id, ', ' order by best.place) as nearest
from best
where best.place <= 3
group by best.named_as
