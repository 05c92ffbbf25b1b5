-- A model whose weights changed is followed day by day, so that each date counts for whom it belonged to.
with months as (
    select months.* from {{ ref('int_flow_months') }} as months
),

changed as (
    select distinct models.model_key
    from {{ ref('bridge_model_family') }} as bridge
    inner join {{ ref('stg_models') }} as models on bridge.hub_id = models.hub_id
    where bridge.valid_to > (select min(months.month) from months)
),

pieces as (
    select
        months.month,
        intervals.model_key,
        intervals.is_first,
        intervals.to_on,
        greatest(intervals.from_on, months.month) as first_day,
        least(intervals.to_on, months.next_month) as end_day,
        intervals.downloads / (intervals.to_on - intervals.from_on) as downloads_a_day,
        changed.model_key is not null as is_changed
    from {{ ref('int_flow_intervals') }} as intervals
    inner join months on intervals.from_on < months.next_month and intervals.to_on > months.month
    left join changed on intervals.model_key = changed.model_key
    where months.has_counter
),

dated as (
    select
        pieces.month,
        pieces.model_key,
        pieces.to_on as part_on,
        (pieces.end_day - pieces.first_day) * pieces.downloads_a_day as downloads
    from pieces
    where not pieces.is_changed
    union all
    select
        days.month,
        days.model_key,
        case when days.is_first then days.to_on else cast(days.day as date) end as part_on,
        days.downloads_a_day as downloads
    from (
        select
            pieces.*,
            unnest(generate_series(pieces.first_day, pieces.end_day - 1, interval 1 day)) as day
        from pieces
        where pieces.is_changed
    ) as days
),

counter_parts as (
    select
        dated.month,
        'counter' as basis,
        dated.model_key,
        case when changed.model_key is null then max(dated.part_on) over by_month else dated.part_on end
            as part_on,
        dated.downloads
    from dated
    left join changed on dated.model_key = changed.model_key
    window by_month as (partition by dated.month, dated.model_key)
),

window_parts as (
    select
        months.month,
        'window' as basis,
        spans.model_key,
        months.window_date as part_on,
        spans.downloads_30d * months.days / 30 as downloads
    from months
    inner join
        {{ ref('stg_counter_spans') }} as spans
        on {{ valid_on('spans', 'months.window_date') }}
    where spans.downloads_30d > 0
),

parts as (
    select * from counter_parts
    union all
    select * from window_parts
)

-- Exact from here on: a sum must not depend on the order of its terms.
select
    parts.month,
    parts.basis,
    parts.model_key,
    parts.part_on,
    sum(cast(round(parts.downloads, 6) as decimal(24, 6))) as downloads
from parts
group by parts.month, parts.basis, parts.model_key, parts.part_on
