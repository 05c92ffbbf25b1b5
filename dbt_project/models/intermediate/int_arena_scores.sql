-- Where a name comes twice, the row with the most votes stands for the model.
with listed as (
    select
        scores.*,
        scores.rating_low is not null and scores.rating_high is not null as has_interval,
        count(*) over (partition by scores.arena, scores.published_on, scores.model) as copies
    from {{ ref('stg_arena_scores') }} as scores
    qualify
        row_number() over (
            partition by scores.arena, scores.published_on, scores.model
            order by
                scores.votes desc nulls last,
                scores.rating desc,
                scores.rank asc nulls last,
                scores.rating_low desc nulls last,
                scores.rating_high desc nulls last,
                scores.organization asc nulls last,
                scores.license asc nulls last
        ) = 1
),

bounds as (
    {{ interval_bounds('listed', 'model') }}
),

places as (
    {{ interval_places('bounds', 'model') }}
)

select
    listed.*,
    licenses.is_open_weights,
    organizations.organization is not null as is_mapped,
    organizations.region,
    coalesce(organizations.company, listed.organization) as company,
    case when listed.has_interval then places.rank_best end as rank_best,
    case when listed.has_interval then places.rank_worst end as rank_worst
from listed
inner join
    places
    on
        listed.arena = places.arena
        and listed.published_on = places.published_on
        and listed.model = places.model
left join
    {{ ref('arena_organizations') }} as organizations
    on listed.organization_key = organizations.organization
left join {{ ref('arena_licenses') }} as licenses on listed.license_key = licenses.license
