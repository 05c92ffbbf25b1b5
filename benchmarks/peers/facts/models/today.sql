-- The models of the date, as dlt left them: nested values are JSON.
with received as (
    select
        models.*,
        json_transform(models.base_models, '{"models": [{"_id": "VARCHAR", "id": "VARCHAR"}]}').models
            as resolved,
        json_transform(models.tags, '["VARCHAR"]') as tag_list
    from hub.models
)

select
    row_number() over () as model_key,
    received._id as hub_id,
    received.id as repo_id,
    received.downloads,
    received.downloads_all_time,
    true as is_listed,
    {{ parents('received.resolved', 'received.tag_list') }} as parents
from received
