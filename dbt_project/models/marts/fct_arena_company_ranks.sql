with models as (
    select
        scores.*,
        row_number() over (
            partition by scores.arena, scores.published_on, scores.company
            order by scores.rating desc, scores.votes desc nulls last, scores.model asc
        ) as place,
        row_number() over (
            partition by scores.arena, scores.published_on, scores.company, scores.is_open_weights
            order by scores.rating desc, scores.votes desc nulls last, scores.model asc
        ) as place_by_openness
    from {{ ref('int_arena_scores') }} as scores
    where scores.company is not null
),

companies as (
    select
        models.arena,
        models.published_on,
        models.company,
        coalesce(min(models.region), 'unknown') as region,
        any_value(models.model) filter (where models.place = 1) as best_model,
        any_value(models.is_open_weights) filter (where models.place = 1) as is_open_weights,
        any_value(models.rating) filter (where models.place = 1) as rating,
        any_value(models.rating_low) filter (where models.place = 1) as rating_low,
        any_value(models.rating_high) filter (where models.place = 1) as rating_high,
        any_value(models.votes) filter (where models.place = 1) as votes,
        any_value(models.model) filter (where models.is_open_weights and models.place_by_openness = 1)
            as best_open_model,
        any_value(models.rating) filter (where models.is_open_weights and models.place_by_openness = 1)
            as best_open_rating,
        bool_or(models.has_interval) filter (where models.place = 1) as has_interval,
        count(*) as models
    from models
    group by models.arena, models.published_on, models.company
),

bounds as (
    {{ interval_bounds('companies', 'company') }}
),

places as (
    {{ interval_places('bounds', 'company') }}
),

ranked as (
    select
        companies.*,
        dates.measure,
        dates.anchor_period,
        dates.sample,
        case when companies.has_interval then places.rank_best end as rank_best,
        case when companies.has_interval then places.rank_worst end as rank_worst,
        rank() over by_rating as rank_min,
        max(companies.rating) over (partition by companies.arena, companies.published_on) - companies.rating
            as gap_to_first,
        date_diff('day', dates.published_on, dates.next_on) as days_to_next,
        dates.number
    from companies
    inner join
        places
        on
            companies.arena = places.arena
            and companies.published_on = places.published_on
            and companies.company = places.company
    inner join
        {{ ref('int_arena_dates') }} as dates
        on companies.arena = dates.arena and companies.published_on = dates.published_on
    window
        by_rating as (partition by companies.arena, companies.published_on order by companies.rating desc)
),

held as (
    select
        ranked.*,
        case when ranked.rank_min = 1 or ranked.days_to_next is null then ranked.days_to_next else 0 end
            as days_held,
        -- The same for all dates of one stay on the leaderboard.
        ranked.number - row_number() over by_company as stay
    from ranked
    window by_company as (partition by ranked.arena, ranked.company order by ranked.published_on)
)

select
    held.arena,
    held.published_on,
    held.company,
    held.region,
    held.best_model,
    held.is_open_weights,
    held.measure,
    held.rating,
    held.rating_low,
    held.rating_high,
    held.votes,
    held.rank_min,
    held.rank_best,
    held.rank_worst,
    held.gap_to_first,
    case when held.measure = 'rating' then 1 / (1 + pow(10, -held.gap_to_first / 400)) end
        as expected_win_rate,
    held.best_open_model,
    held.best_open_rating,
    held.models,
    cast(
        coalesce(
            sum(held.days_held) over (
                partition by held.arena, held.company
                order by held.published_on
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint
    ) as days_at_first,
    held.days_held,
    min(held.published_on) over (partition by held.arena, held.company) as first_listed,
    min(held.published_on) over (partition by held.arena, held.company, held.stay) as listed_since,
    held.anchor_period,
    held.sample
from held
