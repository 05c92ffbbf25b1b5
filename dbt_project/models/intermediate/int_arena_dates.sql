with dates as (
    select
        tables.*,
        lag(tables.published_on) over by_date as previous_on,
        lead(tables.published_on) over by_date as next_on,
        row_number() over by_date as number
    from {{ ref('stg_arena_tables') }} as tables
    window by_date as (partition by tables.arena order by tables.published_on)
),

shifts as (
    select
        dates.arena,
        dates.published_on,
        count(*) as shared_models,
        median(scores.rating - before.rating) as median_shift
    from dates
    inner join
        {{ ref('int_arena_scores') }} as scores
        on dates.arena = scores.arena and dates.published_on = scores.published_on
    inner join
        {{ ref('int_arena_scores') }} as before
        on
            dates.arena = before.arena
            and dates.previous_on = before.published_on
            and scores.model = before.model
    group by dates.arena, dates.published_on
),

judged as (
    select
        dates.*,
        shifts.median_shift,
        coalesce(shifts.shared_models, 0) as shared_models,
        -- Ratings are published as whole numbers: a median of one point may be rounding, two are not. What
        -- a point is worth where scores are published is not known.
        case
            when dates.measure = 'rating'
                then
                    dates.previous_on is not null
                    and (coalesce(shifts.shared_models, 0) < 5 or abs(shifts.median_shift) >= 2)
        end as is_reanchored
    from dates
    left join shifts on dates.arena = shifts.arena and dates.published_on = shifts.published_on
)

select
    judged.*,
    case
        when judged.measure = 'rating'
            then
                cast(
                    1 + sum(cast(judged.is_reanchored as integer)) over (
                        partition by judged.arena
                        order by judged.published_on
                    ) as integer
                )
    end as anchor_period
from judged
