-- What has one parent counts for whom its parent does, and that for whom its own does, up to a head: a root,
-- or a fork, which has several parents. Found from the heads down, so that each component is met once.
with recursive steps as (
    select steps.* from {{ ref('int_lineage_steps') }} as steps
),

climbers as (
    select steps.* from steps
    where steps.part = 1
),

cycles as (
    select distinct
        components.attribution,
        components.date,
        components.component_key
    from {{ ref('int_lineage_components') }} as components
),

-- A root counts for whom its own name says, unless it is a cycle.
tops as (
    select
        found.attribution,
        found.date,
        found.component_key,
        bool_or(found.has_lineage) as has_lineage
    from
        (
            select
                attributions.attribution,
                parents.date,
                coalesce(components.component_key, parents.parent_key) as component_key,
                false as has_lineage
            from
                (
                    select
                        edges.date,
                        edges.parent_key
                    from {{ ref('int_lineage_edges') }} as edges
                    anti join
                        {{ ref('int_lineage_ends') }} as ends
                        on edges.date = ends.date and edges.child_key = ends.child_key
                    union
                    select
                        ends.date,
                        ends.stem_key
                    from {{ ref('int_lineage_ends') }} as ends
                ) as parents
            cross join (values ('root'), ('anchor')) as attributions (attribution)
            left join
                {{ ref('int_lineage_components') }} as components
                on
                    attributions.attribution = components.attribution
                    and parents.date = components.date
                    and parents.parent_key = components.node_key
            union all
            select
                steps.attribution,
                steps.date,
                steps.from_key,
                true as has_lineage
            from steps
            where steps.part < 1
            union all
            select
                cycles.*,
                true as has_lineage
            from cycles
        ) as found
    group by found.attribution, found.date, found.component_key
),

heads (attribution, date, component_key, head_key, has_lineage) as (
    select
        tops.attribution,
        tops.date,
        tops.component_key,
        tops.component_key as head_key,
        tops.has_lineage
    from tops
    where
        not exists (
            select 1
            from climbers
            where
                tops.attribution = climbers.attribution
                and tops.date = climbers.date
                and tops.component_key = climbers.from_key
        )
    union all
    select
        heads.attribution,
        heads.date,
        climbers.from_key,
        heads.head_key,
        true
    from heads
    inner join
        climbers
        on
            heads.attribution = climbers.attribution
            and heads.date = climbers.date
            and heads.component_key = climbers.to_key
)

-- Members of a cycle have its head.
select
    heads.attribution,
    heads.date,
    coalesce(components.node_key, heads.component_key) as node_key,
    heads.head_key,
    heads.has_lineage
from heads
left join
    {{ ref('int_lineage_components') }} as components
    on
        heads.attribution = components.attribution
        and heads.date = components.date
        and heads.component_key = components.component_key
