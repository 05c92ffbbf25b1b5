select
    scopes.scope,
    scopes.rule
from {{ ref('scopes') }} as scopes
