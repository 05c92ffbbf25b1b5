{{ config(materialized='view') }}

select
    days.date,
    scopes.scope,
    days.model_key,
    coalesce(days.downloads_30d, 0) as downloads_30d
from {{ ref('int_model_days') }} as days
inner join
    {{ ref('scopes') }} as scopes
    on scopes.tasks = '*' or list_contains(string_split(scopes.tasks, ';'), days.task)
where days.is_listed
