{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='hub_id',
        on_schema_change='fail', post_hook="{{ forget_unlisted_models() }}"
    )
}}

-- depends_on: {{ ref('stg_dates_renewed') }}, {{ ref('stg_model_names') }}, {{ ref('stg_models') }}

-- A state begins and ends at captures that count. On a night only models that are not held, or have a
-- state that begins or ends on a date that is renewed, are written anew, from all their states.
with boundaries as (
    select
        captures.date,
        captures.counts_from
    from {{ ref('int_counting_dates') }} as captures
),

{% if is_incremental() %}
    touched as (
        select names.model_key
        from {{ ref('stg_model_names') }} as names
        inner join boundaries on names.valid_from = boundaries.date
        inner join
            {{ ref('stg_dates_renewed') }} as renewed
            on renewed.date in (boundaries.date, boundaries.counts_from)
        union
        select keys.model_key
        from {{ ref('dim_model') }} as models
        inner join {{ ref('stg_models') }} as keys on models.hub_id = keys.hub_id
        where models.hub_id not in (select held.hub_id from {{ this }} as held)
        union
        select keys.model_key
        from {{ this }} as held
        inner join
            {{ ref('stg_dates_renewed') }} as renewed
            on renewed.date in (held.valid_from, held.valid_to)
        inner join {{ ref('stg_models') }} as keys on held.hub_id = keys.hub_id
    ),
{% endif %}

states as (
    select
        attributes.hub_id,
        attributes.repo_id,
        attributes.publisher,
        attributes.task,
        greatest(begun.counts_from, models.first_seen_on) as valid_from,
        coalesce(ended.counts_from, date '9999-12-31') as valid_to
    from {{ ref('stg_model_attributes') }} as attributes
    inner join {{ ref('dim_model') }} as models on attributes.hub_id = models.hub_id
    inner join boundaries as begun on attributes.valid_from = begun.date
    left join boundaries as ended on attributes.valid_to = ended.date
    where
        begun.counts_from is not null
        {% if is_incremental() %}
            and attributes.model_key in (select touched.model_key from touched)
        {% endif %}
),

changes as (
    select
        states.*,
        lag(struct_pack(states.repo_id, states.publisher, states.task)) over (
            partition by states.hub_id order by states.valid_from
        ) as before
    from states
    where states.valid_from < states.valid_to
)

select
    changes.hub_id,
    changes.repo_id,
    changes.publisher,
    changes.task,
    changes.valid_from,
    lead(changes.valid_from) over (partition by changes.hub_id order by changes.valid_from)
        as valid_to
from changes
where changes.before is distinct from struct_pack(changes.repo_id, changes.publisher, changes.task)
