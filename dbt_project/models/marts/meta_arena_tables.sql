with counts as (
    select
        scores.arena,
        scores.published_on,
        count(*) as models,
        cast(sum(scores.copies - 1) as bigint) as repeated,
        count(*) filter (where scores.organization is null) as without_organization,
        count(*) filter (where scores.organization is not null and not scores.is_mapped) as unmapped,
        count(*) filter (where scores.is_open_weights is null) as unknown_license
    from {{ ref('int_arena_scores') }} as scores
    group by scores.arena, scores.published_on
)

select
    dates.arena,
    dates.published_on,
    dates.revision,
    dates.measure,
    dates.origin,
    dates.sample,
    counts.models,
    counts.repeated,
    counts.without_organization,
    counts.unmapped,
    counts.unknown_license,
    dates.shared_models,
    dates.median_shift,
    dates.is_reanchored,
    dates.anchor_period
from {{ ref('int_arena_dates') }} as dates
inner join counts on dates.arena = counts.arena and dates.published_on = counts.published_on
