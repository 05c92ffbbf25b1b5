select
    families.family,
    families.company,
    families.region
from {{ ref('families') }} as families
union all
select
    rest.family,
    null as company,
    'unknown' as region
from (values ('other'), ('unknown')) as rest (family)
