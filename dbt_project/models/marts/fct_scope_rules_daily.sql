{{ config(materialized='incremental', renews="{{ renewed_dates('date') }}") }}

-- depends_on: {{ ref('stg_dates_renewed') }}

with rules as (
    select
        scopes.scope,
        'kept' as rule
    from {{ ref('scopes') }} as scopes
    union
    select
        scope_rules.scope,
        scope_rules.rule
    from {{ ref('scope_rules') }} as scope_rules
),

concerned as (
    select
        scoped.date,
        scoped.scope,
        'kept' as rule,
        scoped.downloads_30d
    from {{ ref('int_scope_days') }} as scoped
    union all
    select
        verdicts.date,
        verdicts.scope,
        verdicts.rule,
        verdicts.downloads_30d
    from {{ ref('int_scope_verdicts') }} as verdicts
    where verdicts.is_listed and verdicts.rule is not null
),

counts as (
    select
        concerned.date,
        concerned.scope,
        concerned.rule,
        count(*) as models,
        sum(concerned.downloads_30d) as downloads
    from concerned
    group by concerned.date, concerned.scope, concerned.rule
)

select
    due.date,
    rules.scope,
    rules.rule,
    coalesce(counts.models, 0) as models,
    cast(coalesce(counts.downloads, 0) as bigint) as downloads
from {{ ref('stg_facts_due') }} as due
cross join rules
left join
    counts
    on due.date = counts.date and rules.scope = counts.scope and rules.rule = counts.rule
