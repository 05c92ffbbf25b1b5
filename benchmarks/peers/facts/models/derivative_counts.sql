with first_party as (
    select
        nodes.node_key,
        nodes.brand as family
    from {{ ref('nodes') }} as nodes
    where nodes.is_first_party
),

derived as (
    select distinct
        'direct' as degree,
        first_party.family,
        edges.child_key as node_key
    from {{ ref('edges') }} as edges
    inner join first_party on edges.parent_key = first_party.node_key
    union all
    select distinct
        'transitive' as degree,
        first_party.family,
        pairs.node_key
    from {{ ref('pairs') }} as pairs
    inner join first_party on pairs.ancestor_key = first_party.node_key
)

-- What a family's own accounts publish is no derivative of it.
select
    derived.family,
    count(*) filter (where derived.degree = 'direct') as direct,
    count(*) filter (where derived.degree = 'transitive') as transitive
from derived
inner join {{ ref('today') }} as today on derived.node_key = today.model_key
inner join {{ ref('nodes') }} as nodes on derived.node_key = nodes.node_key
inner join
    read_csv('{{ var("families") }}', all_varchar = true) as families
    on derived.family = families.family
where
    today.is_listed
    and not coalesce(
        list_contains(string_split(families.publishers, ';'), nodes.owner_name), false
    )
group by derived.family
