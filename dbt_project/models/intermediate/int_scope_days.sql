{{ config(materialized='view') }}

select
    days.date,
    scopes.scope,
    days.model_key,
    days.publisher,
    days.is_first_party,
    days.brand,
    coalesce(days.downloads_30d, 0) as downloads_30d,
    days.downloads_all_time,
    days.likes
from {{ ref('int_model_days') }} as days
inner join {{ ref('scopes') }} as scopes on scopes.tasks = '*'
where days.is_listed
union all
select
    verdicts.date,
    verdicts.scope,
    verdicts.model_key,
    verdicts.publisher,
    verdicts.is_first_party,
    verdicts.brand,
    verdicts.downloads_30d,
    verdicts.downloads_all_time,
    verdicts.likes
from {{ ref('int_scope_verdicts') }} as verdicts
where verdicts.is_listed and verdicts.rule is null
