{{
    config(
        materialized='incremental',
        renews="{{ reached_days('aged_on') }}", pre_hook="{{ adopt_ids('hub_id', 'held.known_on') }}"
    )
}}

-- depends_on: {{ ref('stg_ids_replaced') }}

with first_party as (
    select
        spans.model_key,
        profiles.family,
        spans.valid_from,
        spans.valid_to
    from {{ ref('int_profile_spans') }} as spans
    inner join {{ ref('int_profiles') }} as profiles on spans.profile = profiles.profile
    where profiles.attribution = 'publisher' and profiles.family not in ('other', 'unknown')
),

-- The captures around each day; what decides on a count lies within the reach of both.
days as (
    select
        days.day,
        max(captures.date) filter (where captures.date <= days.day) as last_on,
        min(captures.date) filter (where captures.date >= days.day) as next_on
    from {{ ref('int_flow_days') }} as days
    cross join {{ ref('int_flow_captures') }} as captures
    where captures.has_all_time
    group by days.day
),

aged as (
    select
        names.model_key,
        names.valid_from,
        names.valid_to,
        names.created_on,
        ages.age_days,
        days.day as aged_on,
        days.last_on,
        days.next_on
    from {{ ref('stg_model_names') }} as names
    cross join (values (7), (14), (30), (60), (90), (180), (365)) as ages (age_days)
    inner join days on names.created_on + ages.age_days = days.day
    where names.model_key in (select first_party.model_key from first_party)
),

-- Few models are looked for among tens of millions of sightings: once.
sightings as (
    select sightings.*
    from {{ ref('int_flow_sightings') }} as sightings
    where sightings.model_key in (select aged.model_key from aged)
),

counted as (
    select
        aged.*,
        cast(sightings.downloads as double) as downloads,
        aged.last_on as from_on,
        aged.next_on as known_on
    from aged
    inner join
        sightings
        on
            aged.model_key = sightings.model_key
            and aged.aged_on between sightings.first_on and sightings.last_on
    union all
    -- A model away for more than nine captures begins anew; where a count fell one of the two was wrong.
    select
        aged.*,
        sightings.downloads_before
        + (sightings.downloads - sightings.downloads_before)
        * (aged.aged_on - sightings.last_on_before)
        / (sightings.first_on - sightings.last_on_before) as downloads,
        sightings.last_on_before as from_on,
        sightings.first_on as known_on
    from aged
    inner join
        sightings
        on
            aged.model_key = sightings.model_key
            and aged.aged_on > sightings.last_on_before
            and aged.aged_on < sightings.first_on
    where sightings.downloads >= sightings.downloads_before
)

select
    models.hub_id,
    counted.age_days,
    counted.aged_on,
    counted.known_on,
    first_party.family,
    counted.downloads
from counted
inner join {{ ref('stg_models') }} as models on counted.model_key = models.model_key
inner join
    first_party
    on counted.model_key = first_party.model_key and {{ valid_on('first_party', 'counted.known_on') }}
inner join
    {{ ref('int_scope_spans') }} as scopes
    on
        counted.model_key = scopes.model_key
        and scopes.scope = 'generative_llm'
        and scopes.rule is null
        and {{ valid_on('scopes', 'counted.known_on') }}
where
    {{ valid_on('counted', 'counted.known_on') }}
    and counted.known_on - counted.from_on <= 14
    and counted.downloads >= 1000
