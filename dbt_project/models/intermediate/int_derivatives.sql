-- A model has one relation, whatever its edges say: tags can give each parent another one.
with declared as (
    select
        edges.date,
        edges.child_key,
        min(edges.relation) as relation,
        count(*) as parents
    from {{ ref('int_lineage_edges') }} as edges
    group by edges.date, edges.child_key
),

children as (
    select
        declared.date,
        declared.child_key,
        declared.relation,
        declared.parents,
        days.publisher,
        days.created_on,
        days.is_listed,
        days.downloads_all_time,
        lower(days.publisher) as owner_name
    from declared
    inner join
        {{ ref('int_model_days') }} as days
        on declared.date = days.date and declared.child_key = days.model_key
),

-- What only captures that do not count ever listed has never counted, and is not gone.
gone as (
    select distinct
        children.date,
        children.child_key
    from children
    inner join {{ ref('stg_presence_spans') }} as spans on children.child_key = spans.model_key
    inner join {{ ref('stg_counting_dates') }} as captures on spans.valid_from = captures.date
    where
        not children.is_listed
        and captures.counts_from < children.date
        and captures.counts_from < spans.valid_to
)

select
    children.*,
    gone.child_key is not null as is_gone
from children
left join gone on children.date = gone.date and children.child_key = gone.child_key
