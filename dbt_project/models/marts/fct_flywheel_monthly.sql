-- Whole months: the last capture shows all that was created before its month.
with whole as (
    select cast(date_trunc('month', max(captures.as_of)) as date) as end_month
    from {{ ref('int_month_captures') }} as captures
),

derivatives as (
    select
        cast(date_trunc('month', derivatives.created_on) as date) as month,
        derivatives.family,
        derivatives.author,
        derivatives.family_before
    from {{ ref('int_author_derivatives') }} as derivatives
),

downloads as (
    select
        shares.month,
        shares.family,
        shares.downloads
    from {{ ref('fct_family_share_monthly') }} as shares
    where
        shares.scope = 'all'
        and shares.attribution = 'publisher'
        and shares.basis = 'counter'
        and shares.variant = 'raw'
),

months as (
    select
        cast(
            unnest(
                generate_series(
                    least(
                        (select min(derivatives.month) from derivatives),
                        (select min(downloads.month) from downloads)
                    ),
                    whole.end_month - interval 1 month,
                    interval 1 month
                )
            ) as date
        ) as month
    from whole
),

by_author as (
    select
        derivatives.month,
        derivatives.family,
        derivatives.author,
        count(*) as new_derivatives,
        bool_or(derivatives.family_before is null) as is_new,
        derivatives.month > min(derivatives.month) over (
            partition by derivatives.family, derivatives.author
        ) as is_repeat
    from derivatives
    group by derivatives.month, derivatives.family, derivatives.author
),

counts as (
    select
        by_author.month,
        by_author.family,
        cast(sum(by_author.new_derivatives) as bigint) as new_derivatives,
        count(*) as authors,
        count(*) filter (where by_author.is_new) as new_authors,
        count(*) filter (where by_author.is_repeat) as repeat_authors
    from by_author
    group by by_author.month, by_author.family
)

select
    months.month,
    families.family,
    coalesce(counts.new_derivatives, 0) as new_derivatives,
    coalesce(counts.authors, 0) as authors,
    coalesce(counts.new_authors, 0) as new_authors,
    counts.repeat_authors / counts.authors as repeat_author_share,
    downloads.downloads
from months
cross join {{ ref('dim_family') }} as families
left join counts on months.month = counts.month and families.family = counts.family
left join downloads on months.month = downloads.month and families.family = downloads.family
