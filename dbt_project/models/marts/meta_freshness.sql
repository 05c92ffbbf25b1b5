with dates as (
    select
        'hub' as record,
        captures.date,
        captures.finished_at as recorded_at,
        captures.sample
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted'
    union all
    select
        'arena/' || tables.arena as record,
        tables.published_on as date,
        tables.recorded_at,
        tables.sample
    from {{ ref('stg_arena_tables') }} as tables
)

select
    dates.record,
    min(dates.date) as first_on,
    max(dates.date) as newest_on,
    count(*) as dates,
    arg_max(dates.recorded_at, dates.date) as recorded_at,
    max(dates.sample) as sample
from dates
group by dates.record
