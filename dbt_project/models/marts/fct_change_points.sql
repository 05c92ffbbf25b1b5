-- Exact from here on: a mean must not depend on the order of its terms.
with points as (
    select
        points.* exclude (logit),
        cast(points.logit as decimal(18, 12)) as logit
    from {{ ref('int_share_series') }} as points
),

breaks as (
    select
        found.*,
        lag(found.position, 1, 1) over by_series as previous_position,
        lead(found.position) over by_series as next_position
    from {{ ref('int_change_points') }} as found
    window by_series as (partition by found.series, found.penalty order by found.position)
),

-- Levels are means of logits, shown as shares.
levels as (
    select
        breaks.series,
        breaks.penalty,
        breaks.position,
        breaks.next_position,
        avg(points.logit) filter (where points.position < breaks.position) as level_before,
        avg(points.logit) filter (
            where
            points.position >= breaks.position
            and (breaks.next_position is null or points.position < breaks.next_position)
        ) as level_after,
        count(*) filter (where points.position < breaks.position) as months_before,
        count(*) filter (
            where
            points.position >= breaks.position
            and (breaks.next_position is null or points.position < breaks.next_position)
        ) as months_after
    from breaks
    inner join
        points
        on breaks.series = points.series and breaks.previous_position <= points.position
    group by breaks.series, breaks.penalty, breaks.position, breaks.next_position
),

-- A level that lasts three months at most and is left by a step back over half of the way was a passing one.
passing as (
    select
        levels.*,
        levels.months_after <= 3
        and following.level_after is not null
        and abs(following.level_after - levels.level_before)
        < abs(following.level_after - levels.level_after) as is_transient
    from levels
    left join
        levels as following
        on
            levels.series = following.series
            and levels.penalty = following.penalty
            and levels.next_position = following.position
),

persistence as (
    select
        passing.series,
        passing.penalty,
        passing.position,
        count(distinct others.penalty) as penalties
    from passing
    inner join
        passing as others
        on passing.series = others.series and abs(passing.position - others.position) <= 1
    group by passing.series, passing.penalty, passing.position
),

placed as (
    select
        points.month,
        points.unit_type,
        points.unit,
        points.scope,
        points.attribution,
        points.metric,
        passing.*,
        persistence.penalties
    from passing
    inner join persistence using (series, penalty, position)
    inner join points using (series, position)
),

near as (
    select
        placed.series,
        placed.penalty,
        placed.position,
        arg_min(releases.release, (abs(placed.month - releases.released_on), releases.release)) as release,
        arg_min(
            placed.month - releases.released_on,
            (abs(placed.month - releases.released_on), releases.release)
        ) as days
    from placed
    inner join
        {{ ref('releases') }} as releases
        on
            placed.unit_type = 'family'
            and placed.unit = releases.family
            and abs(placed.month - releases.released_on) <= 45
    group by placed.series, placed.penalty, placed.position
)

select
    placed.month,
    placed.unit_type,
    placed.unit,
    placed.scope,
    placed.attribution,
    case placed.metric when 'downloads' then 'counter' else 'window' end as basis,
    cast(placed.penalty as integer) as penalty,
    case when placed.level_after > placed.level_before then 'up' else 'down' end as direction,
    1 / (1 + exp(-placed.level_before)) as share_before,
    1 / (1 + exp(-placed.level_after)) as share_after,
    cast(placed.months_before as integer) as months_before,
    cast(placed.months_after as integer) as months_after,
    cast(placed.penalties as integer) as penalties,
    placed.penalties = 5 as is_persistent,
    placed.is_transient,
    near.release as near_release,
    cast(near.days as integer) as days_after_release
from placed
left join near using (series, penalty, position)
