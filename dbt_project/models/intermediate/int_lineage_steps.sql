-- One step up the lineage, from component to component: each distinct parent takes an equal part.
with parents as (
    select distinct
        attributions.attribution,
        edges.date,
        edges.parent_key,
        coalesce(child_components.component_key, edges.child_key) as from_key,
        coalesce(parent_components.component_key, edges.parent_key) as to_key
    from {{ ref('int_lineage_edges') }} as edges
    inner join
        {{ ref('int_lineage_nodes') }} as nodes
        on edges.date = nodes.date and edges.child_key = nodes.node_key
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
    where attributions.attribution = 'root' or not nodes.is_anchor
)

select
    parents.attribution,
    parents.date,
    parents.from_key,
    parents.to_key,
    count(*) / sum(count(*)) over (
        partition by parents.attribution, parents.date, parents.from_key
    ) as part
from parents
where parents.from_key <> parents.to_key
group by parents.attribution, parents.date, parents.from_key, parents.to_key
