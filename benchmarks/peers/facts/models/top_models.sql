select
    today.hub_id,
    today.repo_id,
    today.downloads,
    rank() over (order by today.downloads desc) as place
from {{ ref('today') }} as today
where today.is_listed and today.downloads > 0
order by today.downloads desc, today.downloads_all_time desc nulls last, today.repo_id
limit 1000
