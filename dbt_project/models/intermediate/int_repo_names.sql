{{ config(materialized='incremental', unique_key='repo_id') }}

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

scope_rules as (
    select
        string_agg(
            concat_ws(chr(31), rules.scope, rules.step, rules.field, rules.pattern, rules.unless),
            chr(30) order by rules.scope, rules.step
        ) as written
    from {{ ref('scope_rules') }} as rules
    where rules.field in ('owner', 'name')
),

rules as (
    select
        md5(concat_ws(chr(29), family_rules.written, exclusions.written, scope_rules.written))
            as rules_version
    from family_rules
    cross join exclusions
    cross join scope_rules
),

{% if is_incremental() %}
    known as (
        select known.repo_id
        from {{ this }} as known
        inner join rules on known.rules_version = rules.rules_version
    ),
{% endif %}

-- Few names are new: they are told apart before they are made distinct.
named as (
    select names.repo_id from {{ ref('stg_model_names') }} as names
    {% if is_incremental() %}
        where names.repo_id not in (select known.repo_id from known)
    {% endif %}
    union
    select parents.parent_repo_id from {{ ref('stg_model_parents') }} as parents
    {% if is_incremental() %}
        where parents.parent_repo_id not in (select known.repo_id from known)
    {% endif %}
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
),

judged as (
    select
        pending.repo_id,
        pending.owner_name,
        pending.short_name,
        pending.rules_version,
        {{ scope_steps('pending.owner_name', 'pending.short_name') }} as all_steps,
        {{ brand_of('pending.repo_id', 'pending.owner_name', 'pending.short_name') }} as brand
    from pending
)

select
    judged.repo_id,
    judged.brand,
    judged.rules_version,
    -- No scope's rules match most names.
    case when list_max(map_values(judged.all_steps)) is not null then judged.all_steps end as scope_steps,
    coalesce(list_contains(string_split(families.publishers, ';'), judged.owner_name), false)
        as is_first_party,
    -- Whose own release stands by itself: the account is the brand's, and the name says so.
    coalesce(
        list_contains(string_split(families.publishers, ';'), judged.owner_name)
        and regexp_matches(judged.short_name, families.name_pattern),
        false
    ) as is_anchor
from judged
left join {{ ref('families') }} as families on judged.brand = families.family
