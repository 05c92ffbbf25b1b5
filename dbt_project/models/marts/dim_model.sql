with captures as (
    select captures.date
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted'
),

last_states as (
    select attributes.*
    from {{ ref('stg_model_attributes') }} as attributes
    where attributes.valid_to is null
),

-- A run of captures may begin or end with some that do not count.
begun as (
    select
        spans.model_key,
        spans.valid_to,
        captures.date as first_date
    from {{ ref('stg_presence_spans') }} as spans
    asof inner join captures on spans.valid_from <= captures.date
),

counted as (
    select
        begun.model_key,
        begun.first_date,
        captures.date as last_date
    from begun
    asof inner join captures on coalesce(begun.valid_to, date '9999-12-31') > captures.date
    where begun.first_date <= captures.date
),

sightings as (
    select
        counted.model_key,
        min(counted.first_date) as first_seen_on,
        max(counted.last_date) as last_seen_on
    from counted
    group by counted.model_key
),

first_absence as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date
    from captures
),

-- A model that counts for several families is shown under the largest part, the first by name if equal.
families as (
    select
        bridge.hub_id,
        bridge.attribution,
        arg_max(bridge.family, bridge.weight order by bridge.family) as family
    from {{ ref('bridge_model_family') }} as bridge
    where bridge.valid_to is null
    group by bridge.hub_id, bridge.attribution
),

derivatives as (
    select distinct parents.model_key
    from {{ ref('stg_model_parents') }} as parents
    inner join last_states on parents.model_key = last_states.model_key
    where
        parents.valid_to is null
        and parents.parent_model_key is distinct from parents.model_key
        and lower(parents.parent_repo_id) <> lower(last_states.repo_id)
)

select
    last_states.hub_id,
    last_states.repo_id,
    last_states.publisher,
    brands.family as family_brand,
    roots.family as family_root,
    anchors.family as family_anchor,
    last_states.created_on,
    sightings.first_seen_on,
    sightings.last_seen_on,
    first_absence.next_date as gone_on,
    last_states.task,
    last_states.library,
    last_states.license,
    last_states.parameters,
    case
        when last_states.parameters is null or last_states.parameters = 0 then 'unknown'
        when last_states.parameters < 1e9 then 'under 1B'
        when last_states.parameters < 3e9 then '1B to 3B'
        when last_states.parameters < 10e9 then '3B to 10B'
        when last_states.parameters < 30e9 then '10B to 30B'
        when last_states.parameters < 100e9 then '30B to 100B'
        else '100B and more'
    end as size_class,
    derivatives.model_key is not null as is_derivative
from last_states
inner join sightings on last_states.model_key = sightings.model_key
inner join first_absence on sightings.last_seen_on = first_absence.date
-- A model of a later batch joins with its facts.
inner join
    families as brands
    on last_states.hub_id = brands.hub_id and brands.attribution = 'brand'
left join families as roots on last_states.hub_id = roots.hub_id and roots.attribution = 'root'
left join
    families as anchors
    on last_states.hub_id = anchors.hub_id and anchors.attribution = 'anchor'
left join derivatives on last_states.model_key = derivatives.model_key
