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
calendar as (
    {{ calendar('date') }}
),

sightings as (
    select
        spans.model_key,
        min(begins.next_date) as first_seen_on,
        max(ends.last_date) as last_seen_on
    from {{ ref('stg_presence_spans') }} as spans
    inner join calendar as begins on spans.valid_from = begins.date
    inner join calendar as ends on coalesce(spans.valid_to, date '9999-12-31') = ends.date
    where begins.next_date <= ends.last_date
    group by spans.model_key
),

first_absence as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date
    from captures
),

-- A model that counts for several families is shown under the largest part, the first by name if equal.
parts as (
    select
        bridge.hub_id,
        bridge.attribution,
        bridge.family,
        bridge.weight
    from {{ ref('bridge_model_family') }} as bridge
    where bridge.valid_to is null and bridge.attribution <> 'publisher'
),

largest as (
    select
        parts.hub_id,
        parts.attribution,
        parts.family
    from parts
    where parts.weight = 1
    union all
    select
        parts.hub_id,
        parts.attribution,
        arg_max(parts.family, parts.weight order by parts.family) as family
    from parts
    where parts.weight < 1
    group by parts.hub_id, parts.attribution
),

families as (
    select
        largest.hub_id,
        max(largest.family) filter (where largest.attribution = 'brand') as brand,
        max(largest.family) filter (where largest.attribution = 'root') as root,
        max(largest.family) filter (where largest.attribution = 'anchor') as anchor
    from largest
    group by largest.hub_id
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
    families.brand as family_brand,
    families.root as family_root,
    families.anchor as family_anchor,
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
inner join families on last_states.hub_id = families.hub_id
left join derivatives on last_states.model_key = derivatives.model_key
