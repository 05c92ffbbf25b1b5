-- One step up the lineage, from component to component: each distinct parent takes an equal part. Ends of the
-- lineage count for whom their stem does.
with declared as (
    select
        attributions.attribution,
        edges.date,
        edges.parent_key,
        child_components.component_key is not null as is_cyclic,
        coalesce(child_components.component_key, edges.child_key) as from_key,
        coalesce(parent_components.component_key, edges.parent_key) as to_key
    from {{ ref('int_lineage_edges') }} as edges
    anti join
        {{ ref('int_lineage_ends') }} as ends
        on edges.date = ends.date and edges.child_key = ends.child_key
    inner join
        {{ ref('int_model_days') }} as children
        on edges.date = children.date and edges.child_key = children.model_key
    cross join (values ('root'), ('anchor')) as attributions (attribution)
    left join
        {{ ref('int_lineage_components') }} as child_components
        on
            attributions.attribution = child_components.attribution
            and edges.date = child_components.date
            and edges.child_key = child_components.node_key
    left join
        {{ ref('int_lineage_components') }} as parent_components
        on
            attributions.attribution = parent_components.attribution
            and edges.date = parent_components.date
            and edges.parent_key = parent_components.node_key
    where attributions.attribution = 'root' or not children.is_anchor
),

-- Only members of one cycle can share a parent.
parents as (
    select declared.* from declared
    where not declared.is_cyclic
    union all
    select distinct declared.* from declared
    where declared.is_cyclic and declared.from_key <> declared.to_key
),

counted as (
    select
        parents.attribution,
        parents.date,
        parents.from_key,
        count(*) as parents,
        min(parents.to_key) as first_key,
        max(parents.to_key) as last_key
    from parents
    group by parents.attribution, parents.date, parents.from_key
)

select
    counted.attribution,
    counted.date,
    counted.from_key,
    counted.first_key as to_key,
    cast(1 as double) as part
from counted
where counted.first_key = counted.last_key
union all
select
    parents.attribution,
    parents.date,
    parents.from_key,
    parents.to_key,
    count(*) / any_value(counted.parents) as part
from parents
inner join
    counted
    on
        parents.attribution = counted.attribution
        and parents.date = counted.date
        and parents.from_key = counted.from_key
where counted.first_key <> counted.last_key
group by parents.attribution, parents.date, parents.from_key, parents.to_key
