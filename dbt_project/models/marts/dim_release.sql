select
    releases.release,
    releases.family,
    releases.repo_id,
    releases.released_on,
    releases.source
from {{ ref('releases') }} as releases
