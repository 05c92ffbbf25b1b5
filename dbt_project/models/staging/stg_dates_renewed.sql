select batch.date
from {{ source('raw', 'facts_batch') }} as batch
