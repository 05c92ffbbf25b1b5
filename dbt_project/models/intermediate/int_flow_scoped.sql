with named as (
    select
        parts.*,
        attributes.publisher
    from {{ ref('int_flow_parts') }} as parts
    inner join
        {{ ref('stg_model_attributes') }} as attributes
        on parts.model_key = attributes.model_key and {{ valid_on('attributes', 'parts.as_of') }}
)

{{ in_scopes('named') }}
