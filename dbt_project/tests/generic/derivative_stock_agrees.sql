{#- Families whose derivatives are not what dim_model says of the models that declare their parents: as of the
    newest capture, those that are there are direct, those with gone_on are gone, and together they are all
    that were ever recorded. -#}
{% test derivative_stock_agrees(model) %}
with newest as (
    select max(captures.date) as date
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted'
),

children as (
    select distinct
        edges.date,
        parents.brand as family,
        edges.child_key
    from {{ ref('int_lineage_edges') }} as edges
    inner join newest on edges.date = newest.date
    inner join
        {{ ref('int_lineage_nodes') }} as parents
        on edges.date = parents.date and edges.parent_key = parents.node_key
    where parents.is_first_party
),

recorded as (
    select
        children.date,
        children.family,
        count(*) filter (where models.gone_on is null) as direct,
        count(*) filter (where models.gone_on is not null) as gone,
        count(distinct case when models.gone_on is null then days.publisher end) as publishers
    from children
    inner join {{ ref('int_models') }} as models on children.child_key = models.model_key
    inner join
        {{ ref('int_model_days') }} as days
        on children.date = days.date and children.child_key = days.model_key
    inner join {{ ref('families') }} as families on children.family = families.family
    where
        days.publisher is null
        or not list_contains(string_split(families.publishers, ';'), lower(days.publisher))
    group by children.date, children.family
)

select counts.date, counts.family, counts.direct, counts.gone, counts.publishers
from {{ model }} as counts
inner join newest on counts.date = newest.date
inner join {{ ref('stg_facts_due') }} as due on counts.date = due.date
left join recorded on counts.date = recorded.date and counts.family = recorded.family
where
    counts.relation = 'any'
    and (
        counts.direct <> coalesce(recorded.direct, 0)
        or counts.gone <> coalesce(recorded.gone, 0)
        or counts.publishers <> coalesce(recorded.publishers, 0)
    )
{% endtest %}
