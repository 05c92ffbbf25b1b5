with scopes as (
    select
        scopes.scope,
        scopes.untagged_gguf,
        string_split(scopes.tasks, ';') as tasks
    from {{ ref('scopes') }} as scopes
    where scopes.tasks <> '*'
),

tag_rules as (
    select
        rules.scope,
        rules.step,
        unnest(string_split(rules.pattern, ';')) as tag
    from {{ ref('scope_rules') }} as rules
    where rules.field = 'tag'
),

named as not materialized (
    select
        due.date,
        names.model_key,
        names.repo_id,
        names.task
    from {{ ref('stg_facts_due') }} as due
    inner join
        {{ ref('stg_model_names') }} as names
        on {{ held_on('names', 'due.date', due_bound('min')) }}
),

-- By task before tags are looked at: those of most models decide on nothing.
tasked as (
    select named.*
    from named
    where named.task is null or named.task in (select unnest(scopes.tasks) from scopes)
),

-- Tags are long, so that they are read once and only where a rule may look at them.
considered as (
    select
        tasked.date,
        tasked.model_key,
        tasked.task,
        cards.tags
    from tasked
    inner join
        {{ ref('stg_model_cards') }} as cards
        on tasked.model_key = cards.model_key and {{ held_on('cards', 'tasked.date', due_bound('min')) }}
    where tasked.task is not null or list_contains(cards.tags, 'gguf')
),

name_hits as (
    select
        named.date,
        named.model_key,
        judged.scope_steps
    from named
    inner join {{ ref('int_repo_names') }} as judged on named.repo_id = judged.repo_id
    where judged.scope_steps is not null
),

-- Materialized: DuckDB would sum up the rules before the join, mistake them for many, and hash seven million
-- tags instead.
tag_hits as materialized (
    select
        tagged.date,
        tagged.model_key,
        tag_rules.scope,
        tag_rules.step
    from (
        select
            considered.date,
            considered.model_key,
            unnest(considered.tags) as tag
        from considered
    ) as tagged
    inner join tag_rules on tagged.tag = tag_rules.tag
),

tag_matches as (
    select
        tag_hits.date,
        tag_hits.model_key,
        tag_hits.scope,
        min(tag_hits.step) as step
    from tag_hits
    group by tag_hits.date, tag_hits.model_key, tag_hits.scope
),

candidates as (
    select
        considered.date,
        considered.model_key,
        scopes.scope,
        considered.task is null as is_untagged
    from considered
    inner join
        scopes
        on
            list_contains(scopes.tasks, considered.task)
            or (scopes.untagged_gguf and considered.task is null)
),

judged as (
    select
        candidates.date,
        candidates.model_key,
        candidates.scope,
        candidates.is_untagged,
        least(name_hits.scope_steps[candidates.scope], tag_matches.step) as step
    from candidates
    left join
        name_hits
        on candidates.date = name_hits.date and candidates.model_key = name_hits.model_key
    left join
        tag_matches
        on
            candidates.date = tag_matches.date
            and candidates.model_key = tag_matches.model_key
            and candidates.scope = tag_matches.scope
),

-- Whoever descends from an untagged model of the scope descends from a tagged one.
descended as (
    select distinct
        untagged.date,
        untagged.model_key,
        untagged.scope
    from judged as untagged
    inner join
        {{ ref('int_lineage_pairs') }} as pairs
        on untagged.date = pairs.date and untagged.model_key = pairs.node_key
    inner join
        judged as ancestors
        on
            pairs.date = ancestors.date
            and pairs.ancestor_key = ancestors.model_key
            and untagged.scope = ancestors.scope
    where untagged.is_untagged and not ancestors.is_untagged and ancestors.step is null
),

verdicts as (
    select
        judged.date,
        judged.model_key,
        judged.scope,
        rules.rule
    from judged
    left join
        {{ ref('scope_rules') }} as rules
        on judged.scope = rules.scope and judged.step = rules.step
    where
        not judged.is_untagged
        or (judged.date, judged.model_key, judged.scope) in (
            select (descended.date, descended.model_key, descended.scope) from descended
        )
    union all
    select
        named.date,
        named.model_key,
        lists.scope,
        null as rule
    from named
    inner join {{ ref('scope_lists') }} as lists on lower(named.repo_id) = lower(lists.repo_id)
)

select
    verdicts.date,
    verdicts.model_key,
    verdicts.scope,
    verdicts.rule,
    days.publisher,
    days.is_first_party,
    days.brand,
    days.is_listed,
    coalesce(days.downloads_30d, 0) as downloads_30d,
    days.downloads_all_time,
    days.likes
from verdicts
inner join
    {{ ref('int_model_days') }} as days
    on verdicts.date = days.date and verdicts.model_key = days.model_key
