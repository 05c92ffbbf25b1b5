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
        ends.attribution,
        ends.date,
        ends.component_key,
        bool_or(ends.has_lineage) as has_lineage
    from
        (
            select
                steps.attribution,
                steps.date,
                steps.to_key as component_key,
                false as has_lineage
            from steps
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
        ) as ends
    group by ends.attribution, ends.date, ends.component_key
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

select
    heads.attribution,
    heads.date,
    heads.component_key,
    heads.head_key,
    heads.has_lineage
from heads
