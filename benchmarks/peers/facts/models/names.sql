{{ config(materialized='incremental') }}

-- A name is judged once: sixty regular expressions over millions of names are dear.
with named as (
    select today.repo_id from {{ ref('today') }} as today
    union
    select edges.parent_repo_id from {{ ref('edges') }} as edges
),

pending as (
    select
        named.repo_id,
        case when contains(named.repo_id, '/') then lower(split_part(named.repo_id, '/', 1)) end
            as owner_name,
        lower(regexp_extract(named.repo_id, '[^/]*$')) as short_name
    from named
    {% if is_incremental() %}
        anti join {{ this }} as known using (repo_id)
    {% endif %}
),

judged as (
    select
        pending.repo_id,
        pending.owner_name,
        {{ var('brand') }} as brand
    from pending
)

select
    judged.repo_id,
    judged.owner_name,
    judged.brand,
    coalesce(list_contains(string_split(families.publishers, ';'), judged.owner_name), false)
        as is_first_party
from judged
left join read_csv('{{ var("families") }}', all_varchar = true) as families
    on judged.brand = families.family
