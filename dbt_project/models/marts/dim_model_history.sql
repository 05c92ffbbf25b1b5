{{ config(materialized='view') }}

-- A state begins and ends at captures that count.
with boundaries as (
    select
        captures.date,
        captures.counts_from
    from {{ ref('stg_counting_dates') }} as captures
),

-- Few are ever called otherwise, or do something else; all others need no comparing.
changed as (
    select distinct names.model_key
    from {{ ref('stg_model_names') }} as names
    where names.valid_to is not null
),

states as not materialized (
    select
        models.model_key,
        names.repo_id,
        names.publisher,
        names.task,
        greatest(begun.counts_from, models.first_seen_on) as valid_from,
        coalesce(ended.counts_from, date '9999-12-31') as valid_to
    from {{ ref('stg_model_names') }} as names
    inner join {{ ref('int_models') }} as models on names.model_key = models.model_key
    inner join boundaries as begun on names.valid_from = begun.date
    left join boundaries as ended on names.valid_to = ended.date
    where begun.counts_from is not null and names.model_key in (select changed.model_key from changed)
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
),

named as (
    select
        models.model_key,
        names.repo_id,
        names.publisher,
        names.task,
        models.first_seen_on as valid_from,
        cast(null as date) as valid_to
    from {{ ref('int_models') }} as models
    inner join
        {{ ref('stg_model_names') }} as names
        on models.model_key = names.model_key and {{ is_newest('names') }}
    where models.model_key not in (select changed.model_key from changed)
    union all
    select
        changes.model_key,
        changes.repo_id,
        changes.publisher,
        changes.task,
        changes.valid_from,
        lead(changes.valid_from) over (partition by changes.model_key order by changes.valid_from) as valid_to
    from changes
    where changes.before is distinct from struct_pack(changes.repo_id, changes.publisher, changes.task)
)

select
    keys.hub_id,
    named.repo_id,
    named.publisher,
    named.task,
    named.valid_from,
    named.valid_to
from named
inner join {{ ref('stg_models') }} as keys on named.model_key = keys.model_key
