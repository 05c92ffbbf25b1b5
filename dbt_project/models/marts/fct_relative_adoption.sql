-- A model whose creation date was corrected may have come to an age twice: the first time counts.
with aged as (
    select ages.*
    from {{ ref('int_model_ages') }} as ages
    qualify row_number() over (partition by ages.hub_id, ages.age_days order by ages.aged_on) = 1
),

placed as (
    select
        aged.hub_id,
        models.repo_id,
        aged.family,
        models.size_class,
        aged.age_days,
        aged.aged_on,
        aged.downloads,
        row_number() over (
            partition by models.size_class, aged.age_days
            order by aged.downloads desc, aged.hub_id asc
        ) as place
    from aged
    inner join {{ ref('dim_model') }} as models on aged.hub_id = models.hub_id
    where models.size_class <> 'unknown'
),

leaders as (
    select
        placed.size_class,
        placed.age_days,
        median(placed.downloads) filter (where placed.place <= 10) as median_downloads,
        min(placed.downloads) filter (where placed.place <= 10) as tenth_downloads,
        count(*) as models
    from placed
    group by placed.size_class, placed.age_days
),

bars as (
    select
        leaders.size_class,
        leaders.age_days,
        leaders.median_downloads,
        max(leaders.tenth_downloads) over (
            partition by leaders.size_class
            order by leaders.age_days
        ) as tenth_downloads
    from leaders
    where leaders.models >= 10
),

scored as (
    select
        placed.*,
        versions.version,
        leaders.models,
        case versions.version
            when 'ram_median10_v1' then bars.median_downloads else bars.tenth_downloads
        end as reference_downloads
    from placed
    cross join (values ('ram_median10_v1'), ('ram_top10th_v2')) as versions (version)
    inner join leaders on placed.size_class = leaders.size_class and placed.age_days = leaders.age_days
    left join bars on placed.size_class = bars.size_class and placed.age_days = bars.age_days
)

select
    scored.hub_id,
    scored.repo_id,
    scored.family,
    scored.size_class,
    cast(scored.age_days as integer) as age_days,
    scored.aged_on,
    scored.version,
    scored.downloads,
    scored.models,
    scored.reference_downloads,
    scored.downloads / scored.reference_downloads as score
from scored
