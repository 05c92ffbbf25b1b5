-- A unit of mass climbs from each component to those without parents, splitting evenly at merges.
with recursive parents as (
    select distinct
        edges.parent_key,
        coalesce(children.component_key, edges.child_key) as from_key,
        coalesce(holders.component_key, edges.parent_key) as to_key
    from {{ ref('edges') }} as edges
    left join {{ ref('components') }} as children on edges.child_key = children.node_key
    left join {{ ref('components') }} as holders on edges.parent_key = holders.node_key
),

steps as (
    select
        parents.from_key,
        parents.to_key,
        count(*) / sum(count(*)) over (partition by parents.from_key) as part
    from parents
    where parents.from_key <> parents.to_key
    group by parents.from_key, parents.to_key
),

climb (component_key, at_key, mass) as (
    select distinct
        steps.from_key,
        steps.from_key,
        cast(1 as double)
    from steps
    union all
    select
        climb.component_key,
        steps.to_key,
        sum(climb.mass * steps.part)
    from climb
    inner join steps on climb.at_key = steps.from_key
    group by climb.component_key, steps.to_key
),

landed as (
    select
        climb.component_key,
        climb.at_key as root_key,
        sum(climb.mass) as mass
    from climb
    anti join steps on climb.at_key = steps.from_key
    group by climb.component_key, climb.at_key
),

members as (
    select
        nodes.node_key,
        nodes.is_known,
        nodes.brand,
        coalesce(components.component_key, nodes.node_key) as component_key
    from {{ ref('nodes') }} as nodes
    left join {{ ref('components') }} as components on nodes.node_key = components.node_key
),

-- A cycle without parents is the mean of its members.
brands as (
    select
        members.component_key as root_key,
        members.brand,
        count(*) / sum(count(*)) over (partition by members.component_key) as part
    from members
    group by members.component_key, members.brand
),

inherited as (
    select
        landed.component_key,
        brands.brand as family,
        sum(landed.mass * brands.part) as weight
    from landed
    inner join brands on landed.root_key = brands.root_key
    group by landed.component_key, brands.brand
)

select
    members.node_key as model_key,
    inherited.family,
    inherited.weight
from members
inner join inherited on members.component_key = inherited.component_key
where members.is_known
union all
select
    members.node_key as model_key,
    brands.brand as family,
    brands.part as weight
from members
anti join inherited on members.component_key = inherited.component_key
inner join brands on members.component_key = brands.root_key
where members.is_known
