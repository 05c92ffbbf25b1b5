{{
    config(
        materialized='incremental', incremental_strategy='delete+insert',
        unique_key=['hub_id', 'attribution'], on_schema_change='fail',
        pre_hook="{{ adopt_ids_in_history() }}"
    )
}}

-- depends_on: {{ ref('stg_facts_due') }}, {{ ref('stg_ids_replaced') }}

-- A row holds from the first capture with the weight to the first with another one. Only models whose
-- weights on a date that is due differ from what the table says are written anew, from all their dates.
with captures as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted' and captures.has_facts
),

due_weights as (
    select
        weights.date,
        models.hub_id,
        weights.attribution,
        weights.family,
        cast(weights.weight as double) as weight,
        weights.evidence
    from {{ ref('int_family_weights') }} as weights
    inner join {{ ref('stg_models') }} as models on weights.model_key = models.model_key
),

{% if is_incremental() %}
    held_weights as (
        select
            due.date,
            held.hub_id,
            held.attribution,
            held.family,
            held.weight,
            held.evidence
        from {{ this }} as held
        inner join {{ ref('stg_facts_due') }} as due on {{ valid_on('held', 'due.date') }}
    ),

    admitted as (
        select captures.date
        from {{ ref('stg_captures') }} as captures
        where captures.verdict = 'admitted'
    ),

    touched as (
        -- What begins or ends at a capture that no longer counts,
        select
            held.hub_id,
            held.attribution
        from {{ this }} as held
        where
            held.valid_from not in (select admitted.date from admitted)
            or held.valid_to not in (select admitted.date from admitted)
        union
        -- or differs on a date that is due.
        select
            hub_id,
            attribution
        from (
            (
                select due_weights.* from due_weights
                except all
                select held_weights.* from held_weights
            )
            union all
            (
                select held_weights.* from held_weights
                except all
                select due_weights.* from due_weights
            )
        ) as differences
    ),

    states as (
        select due_weights.*
        from due_weights
        inner join touched using (hub_id, attribution)
        union all
        select
            captures.date,
            held.hub_id,
            held.attribution,
            held.family,
            held.weight,
            held.evidence
        from {{ this }} as held
        inner join touched using (hub_id, attribution)
        inner join captures on {{ valid_on('held', 'captures.date') }}
        where captures.date not in (select due.date from {{ ref('stg_facts_due') }} as due)
    ),
{% else %}
    states as (
        select due_weights.* from due_weights
    ),
{% endif %}

numbered as (
    select
        states.*,
        captures.next_date,
        captures.number - row_number() over (
            partition by
                states.hub_id, states.attribution, states.family, states.weight, states.evidence
            order by states.date
        ) as island
    from states
    inner join
        (
            select
                captures.date,
                captures.next_date,
                row_number() over (order by captures.date) as number
            from captures
        ) as captures
        on states.date = captures.date
)

select
    numbered.hub_id,
    numbered.attribution,
    numbered.family,
    numbered.weight,
    numbered.evidence,
    min(numbered.date) as valid_from,
    case
        when count(*) = count(numbered.next_date) then max(numbered.next_date)
    end as valid_to
from numbered
group by
    numbered.hub_id,
    numbered.attribution,
    numbered.family,
    numbered.weight,
    numbered.evidence,
    numbered.island
