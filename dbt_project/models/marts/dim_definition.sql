select
    definitions.definition,
    definitions.version,
    definitions.text
from {{ ref('definitions') }} as definitions
