{%- set first_as_of = date_found('select min(as_of) from ' ~ ref('int_flow_parts')) -%}
with named as (
    select
        parts.*,
        names.publisher
    from {{ ref('int_flow_parts') }} as parts
    inner join
        {{ ref('stg_model_names') }} as names
        on parts.model_key = names.model_key and {{ held_on('names', 'parts.as_of', first_as_of) }}
)

{{ in_scopes('named') }}
