select
    scores.arena,
    scores.published_on,
    scores.model,
    scores.organization,
    scores.company,
    scores.license,
    scores.is_open_weights,
    dates.measure,
    scores.rating,
    scores.rating_low,
    scores.rating_high,
    scores.votes,
    scores.rank,
    scores.rank_best,
    scores.rank_worst,
    dates.anchor_period,
    case when not dates.is_reanchored then scores.rating - before.rating end as rating_change,
    scores.copies,
    dates.revision,
    dates.sample
from {{ ref('int_arena_scores') }} as scores
inner join
    {{ ref('int_arena_dates') }} as dates
    on scores.arena = dates.arena and scores.published_on = dates.published_on
left join
    {{ ref('int_arena_scores') }} as before
    on
        scores.arena = before.arena
        and dates.previous_on = before.published_on
        and scores.model = before.model
