-- Every distinct (descendant, ancestor). UNION without a depth column is the form that stays right on
-- cycles: a depth guard loses pairs and a key on the pair loses ancestors.
with recursive carrying as (
    select
        edges.date,
        edges.child_key,
        edges.parent_key
    from {{ ref('int_lineage_edges') }} as edges
    anti join
        {{ ref('int_lineage_ends') }} as ends
        on edges.date = ends.date and edges.child_key = ends.child_key
),

carried (date, node_key, ancestor_key) as (
    select carrying.* from carrying
    union -- noqa: AM02
    select
        carried.date,
        carried.node_key,
        carrying.parent_key
    from carried
    inner join carrying on carried.date = carrying.date and carried.ancestor_key = carrying.child_key
)

select
    carried.date,
    carried.node_key,
    carried.ancestor_key
from carried
union all
select
    ends.date,
    ends.child_key,
    ends.parent_key
from {{ ref('int_lineage_ends') }} as ends
union all
select
    ends.date,
    ends.child_key,
    ends.stem_key
from {{ ref('int_lineage_ends') }} as ends
where ends.stem_key <> ends.parent_key
union all
select
    ends.date,
    ends.child_key,
    carried.ancestor_key
from {{ ref('int_lineage_ends') }} as ends
inner join carried on ends.date = carried.date and ends.stem_key = carried.node_key
-- A stem on a cycle is its own ancestor.
where ends.stem_key <> carried.ancestor_key
