-- Declared edges as of each date that is due, without repetitions and without self references. A parent
-- is found by the Hub's _id or else by its name; one that is not on the Hub gets a
-- negative key of its own, from its name.

-- Parents that are told by the Hub's _id and are there on the date.
with known as (
    select
        days.date,
        days.model_key
    from {{ ref('int_model_days') }} as days
    where days.model_key in (
        select parents.parent_model_key from {{ ref('stg_model_parents') }} as parents
    )
),

-- Read more than once: to keep all of it for that, with its names, is dearer.
declared as not materialized (
    select
        due.date,
        parents.model_key as child_key,
        parents.parent_model_key,
        parents.relation,
        parents.parent_repo_id,
        parents.is_only
    from {{ ref('stg_facts_due') }} as due
    inner join
        {{ ref('stg_model_parents') }} as parents
        on {{ valid_on('parents', 'due.date') }}
),

named as (
    select declared.* from declared
    anti join known on declared.date = known.date and declared.parent_model_key = known.model_key
),

-- Few parents are known by their name alone; of all names ever borne only theirs are looked at.
wanted as (
    select distinct lower(named.parent_repo_id) as repo_name
    from named
),

bearers as (
    select
        names.model_key,
        models.hub_id,
        names.valid_from,
        names.valid_to,
        wanted.repo_name
    from {{ ref('stg_model_names') }} as names
    inner join wanted on lower(names.repo_id) = wanted.repo_name
    inner join {{ ref('stg_models') }} as models on names.model_key = models.model_key
),

-- A name belongs to whoever is listed under it on the date, or else to whose state under it began last: a
-- parent that was renamed is still found by the name its children know.
names as (
    select
        due.date,
        bearers.repo_name,
        arg_max(
            bearers.model_key,
            (
                {{ valid_on('bearers', 'due.date') }} and coalesce(days.is_listed, false),
                bearers.valid_from,
                bearers.hub_id
            )
        ) as model_key
    from {{ ref('stg_facts_due') }} as due
    inner join bearers on due.date >= bearers.valid_from
    left join
        {{ ref('int_model_days') }} as days
        on due.date = days.date and bearers.model_key = days.model_key
    group by due.date, bearers.repo_name
),

resolved as not materialized (
    select
        declared.date,
        declared.child_key,
        known.model_key as parent_key,
        declared.relation,
        -- The name of one that is not on the Hub.
        null as parent_repo_id,
        declared.is_only
    from declared
    inner join known on declared.date = known.date and declared.parent_model_key = known.model_key
    union all
    select
        named.date,
        named.child_key,
        coalesce(
            names.model_key, -1 - cast(hash(lower(named.parent_repo_id)) >> 2 as bigint)
        ) as parent_key,
        named.relation,
        case when names.model_key is null then named.parent_repo_id end as parent_repo_id,
        named.is_only
    from named
    left join names on named.date = names.date and lower(named.parent_repo_id) = names.repo_name
)

-- Most declare one parent, which no other row repeats.
select resolved.*
from resolved
where resolved.is_only and resolved.child_key <> resolved.parent_key
union all
select
    resolved.date,
    resolved.child_key,
    resolved.parent_key,
    min(resolved.relation) as relation,
    min(resolved.parent_repo_id) as parent_repo_id,
    resolved.is_only
from resolved
where not resolved.is_only and resolved.child_key <> resolved.parent_key
group by resolved.date, resolved.child_key, resolved.parent_key, resolved.is_only
