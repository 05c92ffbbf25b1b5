{{ config(materialized='view') }}

-- Most have one span, which has no end.
with changed as (
    select distinct spans.model_key
    from {{ ref('int_profile_spans') }} as spans
    where spans.valid_to is not null
),

spans as not materialized (
    select
        spans.*,
        models.hub_id
    from {{ ref('int_profile_spans') }} as spans
    inner join {{ ref('stg_models') }} as models on spans.model_key = models.model_key
),

weighted as (
    select
        spans.hub_id,
        profiles.attribution,
        profiles.family,
        profiles.weight,
        profiles.evidence,
        spans.valid_from,
        spans.valid_to
    from spans
    inner join {{ ref('int_profiles') }} as profiles on spans.profile = profiles.profile
    where spans.model_key in (select changed.model_key from changed)
),

-- What a new profile leaves as it was goes on.
begun as (
    select
        weighted.*,
        lag(weighted.valid_to) over same_weight as valid_to_before
    from weighted
    window
        same_weight as (
            partition by
                weighted.hub_id,
                weighted.attribution,
                weighted.family,
                weighted.weight,
                weighted.evidence
            order by weighted.valid_from
        )
),

stretches as (
    select
        begun.*,
        count(*) filter (where begun.valid_to_before is distinct from begun.valid_from) over (
            partition by begun.hub_id, begun.attribution, begun.family, begun.weight, begun.evidence
            order by begun.valid_from
        ) as stretch
    from begun
)

select
    spans.hub_id,
    profiles.attribution,
    profiles.family,
    cast(profiles.weight as double) as weight,
    profiles.evidence,
    spans.valid_from,
    spans.valid_to
from spans
inner join {{ ref('int_profiles') }} as profiles on spans.profile = profiles.profile
where spans.model_key not in (select changed.model_key from changed)
union all
select
    stretches.hub_id,
    stretches.attribution,
    stretches.family,
    cast(stretches.weight as double) as weight,
    stretches.evidence,
    min(stretches.valid_from) as valid_from,
    case when count(*) = count(stretches.valid_to) then max(stretches.valid_to) end as valid_to
from stretches
group by
    stretches.hub_id,
    stretches.attribution,
    stretches.family,
    stretches.weight,
    stretches.evidence,
    stretches.stretch
