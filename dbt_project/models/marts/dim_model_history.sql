{{ config(materialized='view') }}

-- A state begins and ends at captures that count.
with boundaries as (
    select
        captures.date,
        captures.counts_from
    from {{ ref('stg_counting_dates') }} as captures
),

-- Few ever change; what has one state needs no comparing.
changed as (
    select distinct attributes.model_key
    from {{ ref('stg_model_attributes') }} as attributes
    where attributes.valid_to is not null
),

states as not materialized (
    select
        models.model_key,
        keys.hub_id,
        attributes.repo_id,
        attributes.publisher,
        attributes.task,
        greatest(begun.counts_from, models.first_seen_on) as valid_from,
        coalesce(ended.counts_from, date '9999-12-31') as valid_to
    from {{ ref('stg_model_attributes') }} as attributes
    inner join {{ ref('int_models') }} as models on attributes.model_key = models.model_key
    inner join {{ ref('stg_models') }} as keys on attributes.model_key = keys.model_key
    inner join boundaries as begun on attributes.valid_from = begun.date
    left join boundaries as ended on attributes.valid_to = ended.date
    where begun.counts_from is not null
),

shown as not materialized (
    select states.* from states
    where states.valid_from < states.valid_to
),

changes as (
    select
        shown.*,
        lag(struct_pack(shown.repo_id, shown.publisher, shown.task)) over (
            partition by shown.model_key order by shown.valid_from
        ) as before
    from shown
    where shown.model_key in (select changed.model_key from changed)
)

select
    shown.hub_id,
    shown.repo_id,
    shown.publisher,
    shown.task,
    shown.valid_from,
    cast(null as date) as valid_to
from shown
where shown.model_key not in (select changed.model_key from changed)
union all
select
    changes.hub_id,
    changes.repo_id,
    changes.publisher,
    changes.task,
    changes.valid_from,
    lead(changes.valid_from) over (partition by changes.model_key order by changes.valid_from)
        as valid_to
from changes
where changes.before is distinct from struct_pack(changes.repo_id, changes.publisher, changes.task)
