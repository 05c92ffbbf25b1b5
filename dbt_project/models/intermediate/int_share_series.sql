-- Of each unit the newest run of months in which it had some and not all of the downloads.
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
),

newest as (
    select runs.* from runs
    qualify
        runs.run = max(runs.run) over (
            partition by runs.unit_type, runs.unit, runs.scope, runs.attribution, runs.metric
        )
)

select
    dense_rank() over (
        order by newest.unit_type, newest.unit, newest.scope, newest.attribution, newest.metric
    ) as series,
    row_number() over (
        partition by newest.unit_type, newest.unit, newest.scope, newest.attribution, newest.metric
        order by newest.month
    ) as position,
    ln(newest.share / (1 - newest.share)) as logit,
    newest.share,
    newest.month,
    newest.unit_type,
    newest.unit,
    newest.scope,
    newest.attribution,
    newest.metric
from newest
