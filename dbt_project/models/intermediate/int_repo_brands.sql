{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='repo_id') }}

-- Regular expressions over millions of names are dear, so that a name is judged once a version of
-- the rules.
with family_rules as (
    select
        string_agg(
            concat_ws(
                chr(31),
                families.family,
                families.priority,
                families.publishers,
                families.namespaces,
                families.name_pattern
            ),
            chr(30) order by families.priority
        ) as written
    from {{ ref('families') }} as families
),

exclusions as (
    select string_agg(unbranded.pattern, chr(30) order by unbranded.pattern) as written
    from {{ ref('unbranded') }} as unbranded
),

rules as (
    select md5(concat_ws(chr(29), family_rules.written, exclusions.written)) as rules_version
    from family_rules
    cross join exclusions
),

named as (
    select attributes.repo_id from {{ ref('stg_model_attributes') }} as attributes
    union
    select parents.parent_repo_id from {{ ref('stg_model_parents') }} as parents
),

pending as (
    select
        named.repo_id,
        case when contains(named.repo_id, '/') then lower(split_part(named.repo_id, '/', 1)) end
            as owner_name,
        lower(regexp_extract(named.repo_id, '[^/]*$')) as short_name,
        rules.rules_version
    from named
    cross join rules
    {% if is_incremental() %}
        where not exists (
            select 1
            from {{ this }} as judged
            where judged.repo_id = named.repo_id and judged.rules_version = rules.rules_version
        )
    {% endif %}
),

branded as (
    select
        pending.repo_id,
        pending.owner_name,
        pending.short_name,
        pending.rules_version,
        {{ brand_of('pending.repo_id', 'pending.owner_name', 'pending.short_name') }} as brand
    from pending
)

select
    branded.repo_id,
    branded.brand,
    branded.rules_version,
    coalesce(list_contains(string_split(families.publishers, ';'), branded.owner_name), false)
        as is_first_party,
    -- Whose own release stands by itself: the account is the brand's, and the name says so.
    coalesce(
        list_contains(string_split(families.publishers, ';'), branded.owner_name)
        and regexp_matches(branded.short_name, families.name_pattern),
        false
    ) as is_anchor
from branded
left join {{ ref('families') }} as families on branded.brand = families.family
