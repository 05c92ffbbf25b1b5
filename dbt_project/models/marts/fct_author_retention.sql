with transitions as (
    select
        cast(date_trunc('quarter', derivatives.created_on) as date) as quarter,
        derivatives.family_before as from_family,
        derivatives.family as to_family,
        derivatives.author
    from {{ ref('int_author_derivatives') }} as derivatives
    where derivatives.family_before is not null
),

by_author as (
    select
        transitions.quarter,
        transitions.from_family,
        transitions.to_family,
        transitions.author,
        count(*) as transitions
    from transitions
    group by transitions.quarter, transitions.from_family, transitions.to_family, transitions.author
),

-- Exact: a sum of fractions must not depend on the order of its terms.
parts as (
    select
        by_author.*,
        cast(
            round(
                by_author.transitions / sum(by_author.transitions) over (
                    partition by by_author.quarter, by_author.from_family, by_author.author
                ),
                12
            ) as decimal(20, 12)
        ) as part
    from by_author
),

pairs as (
    select
        parts.quarter,
        parts.from_family,
        parts.to_family,
        cast(sum(parts.transitions) as bigint) as transitions,
        count(*) as authors,
        sum(parts.part) as parts
    from parts
    group by parts.quarter, parts.from_family, parts.to_family
),

totals as (
    select
        by_author.quarter,
        by_author.from_family,
        cast(sum(by_author.transitions) as bigint) as transitions,
        count(distinct by_author.author) as authors
    from by_author
    group by by_author.quarter, by_author.from_family
),

-- Retention is shown where it is nothing, too.
grain as (
    select
        pairs.quarter,
        pairs.from_family,
        pairs.to_family
    from pairs
    union
    select
        totals.quarter,
        totals.from_family,
        totals.from_family as to_family
    from totals
)

select
    grain.quarter,
    grain.from_family,
    grain.to_family,
    coalesce(pairs.transitions, 0) as transitions,
    totals.transitions as from_transitions,
    coalesce(pairs.transitions, 0) / totals.transitions as share,
    coalesce(pairs.authors, 0) as authors,
    totals.authors as from_authors,
    cast(coalesce(pairs.parts, 0) as double) / totals.authors as share_by_author
from grain
inner join totals on grain.quarter = totals.quarter and grain.from_family = totals.from_family
left join
    pairs
    on
        grain.quarter = pairs.quarter
        and grain.from_family = pairs.from_family
        and grain.to_family = pairs.to_family
