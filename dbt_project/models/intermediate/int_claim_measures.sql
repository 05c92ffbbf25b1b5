{{ config(materialized='view') }}

with measures as (
    select
        downloads.*,
        null as arena_sample
    from {{ ref('int_claim_downloads') }} as downloads
    union all
    select
        dominance.*,
        null as arena_sample
    from {{ ref('int_claim_dominance') }} as dominance
    union all
    select
        derivatives.claim_id,
        derivatives.scope,
        derivatives.attribution,
        null as basis,
        derivatives.reading,
        derivatives.measured,
        null as measured_low,
        null as measured_high,
        null as arena_sample
    from {{ ref('int_claim_derivatives') }} as derivatives
    union all
    select
        events.*,
        null as arena_sample
    from {{ ref('int_claim_events') }} as events
    union all
    select
        arena.claim_id,
        arena.scope,
        null as attribution,
        null as basis,
        arena.reading,
        arena.measured,
        arena.measured_low,
        arena.measured_high,
        arena.sample as arena_sample
    from {{ ref('int_claim_arena') }} as arena
)

-- Where a month has counters, its windows are no further scope.
select
    measures.claim_id,
    measures.scope,
    measures.attribution,
    measures.basis,
    measures.reading,
    cast(measures.measured as double) as measured,
    cast(coalesce(measures.measured_low, measures.measured) as double) as measured_low,
    cast(coalesce(measures.measured_high, measures.measured) as double) as measured_high,
    measures.arena_sample
from measures
where measures.measured is not null
qualify
    coalesce(measures.basis, '') <> 'window'
    or not bool_or(measures.basis = 'counter') over (partition by measures.claim_id)
