select
    scores.arena,
    scores.published_on,
    scores.model,
    scores.organization,
    lower(scores.organization) as organization_key,
    scores.license,
    lower(scores.license) as license_key,
    scores.rating,
    scores.rating_low,
    scores.rating_high,
    scores.votes,
    scores.rank
from {{ source('raw', 'arena_scores') }} as scores
inner join
    {{ ref('stg_arena_tables') }} as tables
    on
        scores.arena = tables.arena
        and scores.published_on = tables.published_on
        and scores.revision = tables.revision
