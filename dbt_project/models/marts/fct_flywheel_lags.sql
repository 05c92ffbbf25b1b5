with logs as (
    select
        months.month,
        months.family,
        ln(nullif(months.new_derivatives, 0)) as derivatives,
        ln(nullif(months.downloads, 0)) as downloads
    from {{ ref('fct_flywheel_monthly') }} as months
),

differences as (
    select
        logs.month,
        logs.family,
        logs.derivatives - lag(logs.derivatives) over by_family as derivatives,
        logs.downloads - lag(logs.downloads) over by_family as downloads
    from logs
    window by_family as (partition by logs.family order by logs.month)
),

lags as (
    select cast(unnest(generate_series(-6, 6)) as integer) as lag_months
),

-- In order of months: a sum of fractions depends on the order of its terms.
correlations as (
    select
        earlier.family,
        lags.lag_months,
        count(*) as pairs,
        min(earlier.month) as first_month,
        max(earlier.month) as last_month,
        corr(later.derivatives, earlier.downloads order by earlier.month) as correlation
    from differences as earlier
    cross join lags
    inner join
        differences as later
        on
            earlier.family = later.family
            and later.month = earlier.month + to_months(lags.lag_months)
    where earlier.downloads is not null and later.derivatives is not null
    group by earlier.family, lags.lag_months
)

select
    families.family,
    lags.lag_months,
    coalesce(correlations.pairs, 0) as pairs,
    correlations.first_month,
    correlations.last_month,
    case
        when correlations.pairs >= 6 and not isnan(correlations.correlation) then correlations.correlation
    end as correlation
from {{ ref('dim_family') }} as families
cross join lags
left join
    correlations
    on families.family = correlations.family and lags.lag_months = correlations.lag_months
