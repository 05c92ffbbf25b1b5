{{ config(materialized='incremental') }}

with fresh as (
    select
        profiles.profile,
        any_value(profiles.said) as said
    from {{ ref('int_model_profiles') }} as profiles
    {% if is_incremental() %}
        where profiles.profile not in (select held.profile from {{ this }} as held)
    {% endif %}
    group by profiles.profile
),

parts as (
    select
        fresh.profile,
        string_split(unnest(string_split(fresh.said, chr(30))), chr(31)) as part
    from fresh
)

select
    parts.profile,
    parts.part[1] as attribution,
    parts.part[2] as family,
    cast(parts.part[3] as decimal(20, 12)) as weight,
    parts.part[4] as evidence
from parts
