-- Who a model counts for. Under root and anchor a unit of mass climbs from each component to the
-- components without parents, splitting evenly at every merge; all mass on one component moves together,
-- so that diamonds of merges cost no more than chains.
with recursive climb (attribution, date, component_key, at_key, mass) as (
    select distinct
        steps.attribution,
        steps.date,
        steps.from_key as component_key,
        steps.from_key as at_key,
        cast(1 as double) as mass
    from {{ ref('int_lineage_steps') }} as steps
    union all
    select
        climb.attribution,
        climb.date,
        climb.component_key,
        steps.to_key,
        sum(climb.mass * steps.part)
    from climb
    inner join
        {{ ref('int_lineage_steps') }} as steps
        on
            climb.attribution = steps.attribution
            and climb.date = steps.date
            and climb.at_key = steps.from_key
    group by climb.attribution, climb.date, climb.component_key, steps.to_key
),

landed as (
    select
        climb.attribution,
        climb.date,
        climb.component_key,
        climb.at_key as root_key,
        sum(climb.mass) as mass
    from climb
    where
        not exists (
            select 1
            from {{ ref('int_lineage_steps') }} as steps
            where
                climb.attribution = steps.attribution
                and climb.date = steps.date
                and climb.at_key = steps.from_key
        )
    group by climb.attribution, climb.date, climb.component_key, climb.at_key
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
),

landed_brands as (
    select
        landed.attribution,
        landed.date,
        landed.component_key,
        coalesce(cycle_brands.brand, nodes.brand) as family,
        sum(landed.mass * coalesce(cycle_brands.mass, 1)) as weight
    from landed
    left join
        cycle_brands
        on
            landed.attribution = cycle_brands.attribution
            and landed.date = cycle_brands.date
            and landed.root_key = cycle_brands.root_key
    left join
        {{ ref('int_lineage_nodes') }} as nodes
        on landed.date = nodes.date and landed.root_key = nodes.node_key
    group by landed.attribution, landed.date, landed.component_key, family
),

models as (
    select
        nodes.date,
        nodes.node_key as model_key,
        nodes.publisher,
        nodes.brand,
        nodes.is_first_party
    from {{ ref('int_lineage_nodes') }} as nodes
    where nodes.is_known
),

inherited as (
    select
        attributions.attribution,
        models.date,
        models.model_key,
        models.brand,
        components.component_key as cycle_key,
        coalesce(components.component_key, models.model_key) as component_key
    from models
    cross join (values ('root'), ('anchor')) as attributions (attribution)
    left join
        {{ ref('int_lineage_components') }} as components
        on
            attributions.attribution = components.attribution
            and models.date = components.date
            and models.model_key = components.node_key
),

weights as (
    -- In a recursive WITH the first branch of a union fixes its types: a bare 1 would make them whole.
    select
        models.date,
        models.model_key,
        'publisher' as attribution,
        case
            when models.publisher is null then 'unknown'
            when models.is_first_party then models.brand
            else 'other'
        end as family,
        cast(1 as double) as weight,
        case when models.publisher is null then 'none' else 'declared' end as evidence
    from models
    union all
    select
        models.date,
        models.model_key,
        'brand' as attribution,
        models.brand as family,
        cast(1 as double) as weight,
        case when models.brand in ('other', 'unknown') then 'none' else 'inferred-name' end as evidence
    from models
    union all
    select
        inherited.date,
        inherited.model_key,
        inherited.attribution,
        coalesce(landed_brands.family, cycle_brands.brand, inherited.brand) as family,
        coalesce(landed_brands.weight, cycle_brands.mass, 1) as weight,
        case
            when landed_brands.family is not null or inherited.cycle_key is not null then 'declared'
            when inherited.brand in ('other', 'unknown') then 'none'
            else 'inferred-name'
        end as evidence
    from inherited
    left join
        landed_brands
        on
            inherited.attribution = landed_brands.attribution
            and inherited.date = landed_brands.date
            and inherited.component_key = landed_brands.component_key
    left join
        cycle_brands
        on
            landed_brands.family is null
            and inherited.attribution = cycle_brands.attribution
            and inherited.date = cycle_brands.date
            and inherited.cycle_key = cycle_brands.root_key
)

-- Exact from here on: a sum of fractions must not depend on the order of its terms.
select
    weights.date,
    weights.model_key,
    weights.attribution,
    weights.family,
    cast(round(weights.weight, 12) as decimal(20, 12)) as weight,
    weights.evidence
from weights
