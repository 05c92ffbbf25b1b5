-- For whom a head of the lineage counts. A unit of mass climbs from each fork to the components without
-- parents, splitting evenly at every merge; all mass on one component moves together, so that diamonds of
-- merges cost no more than chains.
with recursive fork_steps as (
    select
        steps.attribution,
        steps.date,
        steps.from_key,
        heads.head_key as to_key,
        sum(steps.part) as part
    from {{ ref('int_lineage_steps') }} as steps
    inner join
        {{ ref('int_lineage_heads') }} as heads
        on
            steps.attribution = heads.attribution
            and steps.date = heads.date
            and steps.to_key = heads.node_key
    where steps.part < 1
    group by steps.attribution, steps.date, steps.from_key, heads.head_key
),

climb (attribution, date, head_key, at_key, mass) as (
    select distinct
        heads.attribution,
        heads.date,
        heads.head_key,
        heads.head_key as at_key,
        cast(1 as double) as mass
    from {{ ref('int_lineage_heads') }} as heads
    where heads.node_key = heads.head_key
    union all
    select
        climb.attribution,
        climb.date,
        climb.head_key,
        fork_steps.to_key,
        sum(climb.mass * fork_steps.part)
    from climb
    inner join
        fork_steps
        on
            climb.attribution = fork_steps.attribution
            and climb.date = fork_steps.date
            and climb.at_key = fork_steps.from_key
    group by climb.attribution, climb.date, climb.head_key, fork_steps.to_key
),

landed as (
    select
        climb.attribution,
        climb.date,
        climb.head_key,
        climb.at_key as root_key,
        sum(climb.mass) as mass
    from climb
    where
        not exists (
            select 1
            from fork_steps
            where
                climb.attribution = fork_steps.attribution
                and climb.date = fork_steps.date
                and climb.at_key = fork_steps.from_key
        )
    group by climb.attribution, climb.date, climb.head_key, climb.at_key
),

roots as (
    {{ few_of('landed', ['date', 'root_key']) }}
),

root_brands as (
    select
        nodes.date,
        nodes.node_key,
        nodes.brand
    from roots
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on roots.date = nodes.date and roots.root_key = nodes.node_key
),

-- The brand of a root; a cycle without parents is the mean of its members.
cycle_brands as (
    select
        components.attribution,
        components.date,
        components.component_key as root_key,
        nodes.brand,
        count(*) / sum(count(*)) over (
            partition by components.attribution, components.date, components.component_key
        ) as mass
    from {{ ref('int_lineage_components') }} as components
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on components.date = nodes.date and components.node_key = nodes.node_key
    group by components.attribution, components.date, components.component_key, nodes.brand
)

-- Exact from here on: a sum of fractions must not depend on the order of its terms.
select
    landed.attribution,
    landed.date,
    landed.head_key,
    coalesce(cycle_brands.brand, root_brands.brand) as family,
    cast(round(sum(landed.mass * coalesce(cycle_brands.mass, 1)), 12) as decimal(20, 12)) as weight
from landed
left join
    cycle_brands
    on
        landed.attribution = cycle_brands.attribution
        and landed.date = cycle_brands.date
        and landed.root_key = cycle_brands.root_key
left join
    root_brands
    on landed.date = root_brands.date and landed.root_key = root_brands.node_key
group by landed.attribution, landed.date, landed.head_key, family
