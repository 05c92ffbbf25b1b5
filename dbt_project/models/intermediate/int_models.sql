with captures as (
    select captures.date
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted'
),

-- A run of captures may begin or end with some that do not count.
calendar as (
    {{ calendar('date') }}
),

seen as (
    select
        spans.model_key,
        begins.next_date as first_seen_on,
        ends.last_date as last_seen_on,
        spans.valid_to is not null as is_ended
    from {{ ref('stg_presence_spans') }} as spans
    inner join calendar as begins on spans.valid_from = begins.date
    inner join calendar as ends on coalesce(spans.valid_to, date '9999-12-31') = ends.date
    where begins.next_date <= ends.last_date
),

-- At most one span of a model is open: who has none that ended has one, and needs no comparing.
ended as (
    select distinct seen.model_key
    from seen
    where seen.is_ended
),

sightings as (
    select
        seen.model_key,
        seen.first_seen_on,
        seen.last_seen_on
    from seen
    anti join ended on seen.model_key = ended.model_key
    union all
    select
        seen.model_key,
        min(seen.first_seen_on) as first_seen_on,
        max(seen.last_seen_on) as last_seen_on
    from seen
    semi join ended on seen.model_key = ended.model_key
    group by seen.model_key
),

first_absence as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date
    from captures
),

by_name as (
    select distinct
        parents.model_key,
        lower(parents.parent_repo_id) as repo_name
    from {{ ref('stg_model_parents') }} as parents
    where parents.valid_to is null and parents.parent_model_key is null
),

-- By a name that it bears or bore: itself, unless int_lineage_edges would find another one by it.
themselves as (
    select
        by_name.model_key,
        by_name.repo_name
    from by_name
    inner join
        {{ ref('stg_model_names') }} as names
        on by_name.model_key = names.model_key and by_name.repo_name = lower(names.repo_id)
),

bearers as (
    select
        lower(names.repo_id) as repo_name,
        arg_max(
            names.model_key,
            (names.valid_to is null and spans.model_key is not null, names.valid_from, models.hub_id)
        ) as model_key
    from {{ ref('stg_model_names') }} as names
    inner join {{ ref('stg_models') }} as models on names.model_key = models.model_key
    left join
        {{ ref('stg_presence_spans') }} as spans
        on names.model_key = spans.model_key and spans.valid_to is null
    where lower(names.repo_id) in (select themselves.repo_name from themselves)
    group by repo_name
),

others as (
    select themselves.model_key
    from themselves
    inner join bearers on themselves.repo_name = bearers.repo_name
    where themselves.model_key <> bearers.model_key
),

derivatives as (
    select parents.model_key
    from {{ ref('stg_model_parents') }} as parents
    where parents.valid_to is null and parents.parent_model_key <> parents.model_key
    union
    select by_name.model_key
    from by_name
    anti join themselves using (model_key, repo_name)
    union
    select others.model_key from others
)

-- A model of a later batch joins with its facts.
select
    sightings.model_key,
    sightings.first_seen_on,
    sightings.last_seen_on,
    first_absence.next_date as gone_on,
    spans.profile,
    derivatives.model_key is not null as is_derivative
from sightings
inner join first_absence on sightings.last_seen_on = first_absence.date
inner join
    {{ ref('int_profile_spans') }} as spans
    on sightings.model_key = spans.model_key and spans.valid_to is null
left join derivatives on sightings.model_key = derivatives.model_key
