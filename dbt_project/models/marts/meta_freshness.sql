select
    'hub' as record,
    min(captures.date) as first_on,
    max(captures.date) as newest_on,
    count(*) as dates,
    arg_max(captures.finished_at, captures.date) as recorded_at,
    max(captures.sample) as sample
from {{ ref('stg_captures') }} as captures
where captures.verdict = 'admitted'
having count(*) > 0
union all
select
    'arena/' || tables.arena as record,
    min(tables.published_on) as first_on,
    max(tables.published_on) as newest_on,
    count(*) as dates,
    arg_max(tables.recorded_at, tables.published_on) as recorded_at,
    max(tables.sample) as sample
from {{ ref('stg_arena_tables') }} as tables
group by tables.arena
