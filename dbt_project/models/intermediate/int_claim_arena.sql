-- Claims about the Arena's text tables, by the newest one within 45 days before the end of their span.
with claims as (
    select claims.* from {{ ref('int_claims') }} as claims
    where claims.metric in ('arena_score', 'arena_company_rank', 'arena_companies_in_top')
),

dated as (
    select
        claims.*,
        ranks.arena,
        max(ranks.published_on) as published_on
    from claims
    inner join
        {{ ref('fct_arena_company_ranks') }} as ranks
        on claims.as_of_to >= ranks.published_on and ranks.published_on > claims.as_of_to - 45
    where ranks.arena in ('text', 'text_style_control')
    group by all
),

ranked as (
    select
        dated.claim_id,
        dated.metric,
        dated.entity,
        dated.qualifier,
        ranks.*
    from dated
    inner join
        {{ ref('fct_arena_company_ranks') }} as ranks
        on dated.arena = ranks.arena and dated.published_on = ranks.published_on
)

select
    ranked.claim_id,
    'arena ' || ranked.arena as scope,
    'table of ' || ranked.published_on || ', ' || ranked.best_model as reading,
    case ranked.metric when 'arena_score' then ranked.rating else ranked.rank_min end as measured,
    case ranked.metric when 'arena_score' then ranked.rating_low else ranked.rank_best end as measured_low,
    case ranked.metric when 'arena_score' then ranked.rating_high else ranked.rank_worst end as measured_high,
    ranked.sample
from ranked
where ranked.metric in ('arena_score', 'arena_company_rank') and ranked.company = ranked.entity
union all
select
    ranked.claim_id,
    'arena ' || ranked.arena as scope,
    'table of ' || ranked.published_on as reading,
    count(*) filter (where ranked.region = ranked.entity) as measured,
    null as measured_low,
    null as measured_high,
    any_value(ranked.sample) as sample
from ranked
where
    ranked.metric = 'arena_companies_in_top'
    and ranked.rank_min <= try_cast(ranked.qualifier as integer)
group by ranked.claim_id, ranked.arena, ranked.published_on
