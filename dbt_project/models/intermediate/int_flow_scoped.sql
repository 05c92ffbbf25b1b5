with named as (
    select
        parts.*,
        models.hub_id,
        attributes.repo_id,
        attributes.publisher
    from {{ ref('int_flow_parts') }} as parts
    inner join
        {{ ref('stg_model_attributes') }} as attributes
        on parts.model_key = attributes.model_key and {{ valid_on('attributes', 'parts.as_of') }}
    inner join {{ ref('stg_models') }} as models on parts.model_key = models.model_key
)

{{ in_scopes('named') }}
