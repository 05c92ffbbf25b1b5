select
    captures.date,
    captures.source,
    captures.origin,
    captures.sample,
    captures.started_at,
    captures.finished_at,
    captures.pages,
    captures.rows - captures.duplicates as models,
    captures.duplicates,
    captures.quarantined,
    captures.retries,
    captures.items_sha256,
    captures.software,
    captures.verdict
from {{ ref('stg_captures') }} as captures
