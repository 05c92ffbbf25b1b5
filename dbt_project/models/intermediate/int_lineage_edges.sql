-- Declared edges as of each date that is due, without repetitions and without self references. A parent
-- is found by the Hub's _id or else by its name; one that is not on the Hub gets a
-- negative key of its own, from its name.
with declared as (
    select
        due.date,
        parents.model_key as child_key,
        parents.relation,
        parents.parent_repo_id,
        parents.parent_model_key
    from {{ ref('stg_facts_due') }} as due
    inner join
        {{ ref('stg_model_parents') }} as parents
        on {{ valid_on('parents', 'due.date') }}
),

known as (
    select
        days.date,
        days.model_key
    from {{ ref('int_model_days') }} as days
),

-- A name belongs to whoever is listed under it on the date, or else to whoever bore it last: a parent
-- that was renamed is still found by the name its children know.
names as (
    select
        due.date,
        lower(attributes.repo_id) as repo_name,
        arg_max(
            attributes.model_key,
            (
                {{ valid_on('attributes', 'due.date') }} and coalesce(days.is_listed, false),
                attributes.valid_from,
                attributes.hub_id
            )
        ) as model_key
    from {{ ref('stg_facts_due') }} as due
    inner join
        {{ ref('stg_model_attributes') }} as attributes
        on due.date >= attributes.valid_from
    left join
        {{ ref('int_model_days') }} as days
        on due.date = days.date and attributes.model_key = days.model_key
    where lower(attributes.repo_id) in (select lower(declared.parent_repo_id) from declared)
    group by due.date, lower(attributes.repo_id)
),

resolved as (
    select
        declared.date,
        declared.child_key,
        declared.relation,
        declared.parent_repo_id,
        coalesce(known.model_key, names.model_key) as parent_model_key,
        -1 - cast(hash(lower(declared.parent_repo_id)) >> 2 as bigint) as missing_key
    from declared
    left join
        known
        on declared.date = known.date and declared.parent_model_key = known.model_key
    left join
        names
        on declared.date = names.date and lower(declared.parent_repo_id) = names.repo_name
)

select
    resolved.date,
    resolved.child_key,
    coalesce(resolved.parent_model_key, resolved.missing_key) as parent_key,
    min(resolved.relation) as relation,
    min(resolved.parent_repo_id) as parent_repo_id
from resolved
where resolved.child_key <> coalesce(resolved.parent_model_key, resolved.missing_key)
group by all
