{#- Families with more downloads under an exclusive attribution than inclusive, and scopes whose families do
    not cover all downloads, for the dates that are due. -#}
{% test inclusive_covers_shares(model) %}
with due as (
    select counts.*
    from {{ model }} as counts
    where counts.date in (select due.date from raw.facts_batch as due)
),

shares as (
    select shares.*
    from {{ ref('fct_family_share_daily') }} as shares
    where
        shares.date in (select due.date from raw.facts_batch as due)
        and shares.basis = 'window'
        and shares.variant = 'raw'
)

select due.date, due.scope, due.family
from due
inner join
    shares
    on due.date = shares.date and due.scope = shares.scope and due.family = shares.family
where
    due.family not in ('other', 'unknown')
    and (due.downloads_inclusive < shares.downloads - 1e-6 or due.models < shares.models)
union all
select due.date, due.scope, null as family
from due
inner join
    (select distinct shares.date, shares.scope, shares.scope_downloads from shares) as totals
    on due.date = totals.date and due.scope = totals.scope
group by due.date, due.scope
having sum(due.downloads_inclusive) < any_value(totals.scope_downloads)
{% endtest %}
