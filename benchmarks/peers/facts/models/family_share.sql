select
    weights.family,
    sum(weights.weight * today.downloads) as downloads,
    sum(weights.weight * today.downloads) / sum(sum(weights.weight * today.downloads)) over () as share
from {{ ref('weights') }} as weights
inner join {{ ref('today') }} as today on weights.model_key = today.model_key
where today.is_listed
group by weights.family
