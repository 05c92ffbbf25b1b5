-- Runs of months without a gap in which a unit had some and not all of the downloads; each is a series.
with shares as (
    select
        months.*,
        months.value / months.scope_value as share,
        date_diff('month', date '2000-01-01', months.month) as number
    from {{ ref('int_unit_months') }} as months
    where
        months.metric in ('downloads', 'downloads_window')
        and months.unit_type in ('family', 'company', 'region')
        and months.value < months.scope_value
),

runs as (
    select
        shares.*,
        shares.number - row_number() over by_unit as run
    from shares
    window
        by_unit as (
            partition by shares.unit_type, shares.unit, shares.scope, shares.attribution, shares.metric
            order by shares.month
        )
)

select
    dense_rank() over (
        order by runs.unit_type, runs.unit, runs.scope, runs.attribution, runs.metric, runs.run
    ) as series,
    row_number() over (
        partition by runs.unit_type, runs.unit, runs.scope, runs.attribution, runs.metric, runs.run
        order by runs.month
    ) as position,
    ln(runs.share / (1 - runs.share)) as logit,
    runs.share,
    runs.month,
    runs.unit_type,
    runs.unit,
    runs.scope,
    runs.attribution,
    runs.metric
from runs
