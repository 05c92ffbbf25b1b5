select
    entries.inventory,
    entries.model,
    entries.repo_id,
    entries.weight,
    entries.place
from {{ source('raw', 'inventory_entries') }} as entries
