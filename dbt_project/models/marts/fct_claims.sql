with claims as (
    select claims.* from {{ ref('int_claims') }} as claims
),

recorded as (
    select
        min(captures.date) as first_date,
        max(captures.date) as last_date,
        min(captures.date) filter (where captures.has_all_time) as first_count,
        max(captures.sample) as sample
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted' and captures.has_facts
),

-- A claim about downloads that states a scope of ours stands or falls by it; a list of somebody's own is none
-- of them.
tried as (
    select
        claims.*,
        measures.scope,
        measures.attribution,
        measures.basis,
        measures.reading,
        measures.measured,
        measures.measured_low,
        measures.measured_high,
        case when measures.scope like 'arena %' then measures.arena_sample else recorded.sample end as sample,
        coalesce(
            claims.stated_scope not in ('all', 'text_vlm', 'generative_llm')
            or claims.stated_scope = measures.scope
            or measures.attribution is null,
            true
        ) as is_stated
    from claims
    cross join recorded
    left join {{ ref('int_claim_measures') }} as measures on claims.claim_id = measures.claim_id
),

compared as (
    select
        tried.*,
        case
            when tried.measured is null then 'not measured'
            when tried.comparison = 'at_least' and tried.measured_low >= tried.claimed then 'agrees'
            when tried.comparison = 'at_least' and tried.measured_high < tried.claimed then 'disagrees'
            when tried.comparison = 'more_than' and tried.measured_low > tried.claimed then 'agrees'
            when tried.comparison = 'more_than' and tried.measured_high <= tried.claimed then 'disagrees'
            when tried.comparison = 'at_most' and tried.measured_high <= tried.claimed then 'agrees'
            when tried.comparison = 'at_most' and tried.measured_low > tried.claimed then 'disagrees'
            when tried.comparison not in ('equals', 'about') then 'undecided'
            -- What had happened when the record began may have happened long before.
            when
                tried.unit = 'date'
                and tried.measured_low < tried.claimed_low
                and tried.measured >= tried.claimed_low
                then 'undecided'
            when tried.measured between tried.claimed_low and tried.claimed_high then 'agrees'
            when tried.measured_high < tried.claimed_low or tried.measured_low > tried.claimed_high
                then 'disagrees'
            else 'undecided'
        end as outcome,
        case
            when tried.unit in ('date', 'rank', 'list', 'companies', 'days', 'elo_points')
                then tried.measured - tried.claimed
            else tried.measured / nullif(tried.claimed, 0) - 1
        end as residual
    from tried
),

counted as (
    select
        compared.*,
        count(compared.measured) filter (where compared.is_stated) over by_claim as scopes_tried,
        count(*) filter (where compared.is_stated and compared.outcome = 'agrees') over by_claim as agreeing,
        count(*) filter (where compared.is_stated and compared.outcome = 'disagrees') over by_claim
            as disagreeing,
        min(compared.measured) filter (where compared.is_stated) over by_claim as least,
        max(compared.measured) filter (where compared.is_stated) over by_claim as most,
        row_number() over (
            partition by compared.claim_id
            order by
                compared.is_stated desc,
                compared.outcome = 'agrees' desc,
                abs(compared.residual) asc nulls last,
                compared.scope asc,
                compared.attribution asc,
                compared.basis asc,
                compared.reading asc
        ) = 1 and compared.measured is not null as is_nearest,
        concat_ws(', ', compared.scope, compared.attribution, compared.basis, compared.reading) as tried_as
    from compared
    window by_claim as (partition by compared.claim_id)
),

contradictions as (
    select
        pairs.claim_id,
        string_agg(distinct pairs.other_claim_id, ', ' order by pairs.other_claim_id) as others
    from (
        select
            pairs.claim_id,
            pairs.other_claim_id
        from {{ ref('fct_claim_pairs') }} as pairs
        where not pairs.is_consistent
        union all
        select
            pairs.other_claim_id as claim_id,
            pairs.claim_id as other_claim_id
        from {{ ref('fct_claim_pairs') }} as pairs
        where not pairs.is_consistent
    ) as pairs
    group by pairs.claim_id
),

judged as (
    select
        counted.*,
        contradictions.others,
        max(case when counted.is_nearest then counted.tried_as end) over (partition by counted.claim_id)
            as nearest_scope,
        case
            when counted.resolves_on > recorded.last_date then 'not-testable'
            when counted.disagreeing > 0 and counted.disagreeing = counted.scopes_tried then 'contradicted'
            when counted.agreeing = 0
                then case when contradictions.others is null then 'not-testable' else 'inconsistent' end
            when counted.agreeing = counted.scopes_tried then 'supported'
            else 'scope-dependent'
        end as verdict,
        recorded.first_date,
        recorded.first_count,
        recorded.last_date
    from counted
    cross join recorded
    left join contradictions on counted.claim_id = contradictions.claim_id
),

shown as (
    select
        judged.*,
        {{ figure_as_text('judged.claimed', 'judged.unit') }} as claimed_shown,
        {{ figure_as_text('judged.least', 'judged.unit') }} as least_shown,
        {{ figure_as_text('judged.most', 'judged.unit') }} as most_shown
    from judged
)

select
    shown.claim_id,
    shown.statement,
    shown.kind,
    shown.source,
    shown.document,
    shown.entity_type,
    shown.entity,
    shown.metric,
    nullif(shown.qualifier, '') as qualifier,
    shown.as_of_from,
    shown.as_of_to as as_of,
    shown.comparison,
    shown.unit,
    case when shown.unit <> 'date' then shown.claimed end as claimed,
    shown.value_on as claimed_on,
    coalesce(shown.scope, 'none') as scope,
    shown.attribution,
    shown.basis,
    shown.reading,
    case when shown.unit <> 'date' then shown.measured end as measured,
    case when shown.unit <> 'date' then shown.measured_low end as measured_low,
    case when shown.unit <> 'date' then shown.measured_high end as measured_high,
    case when shown.unit = 'date' then date '1970-01-01' + cast(shown.measured as integer) end as measured_on,
    shown.residual,
    shown.outcome,
    shown.is_stated,
    shown.is_nearest,
    shown.verdict,
    case
        when shown.resolves_on > shown.last_date
            then format('a forecast that resolves on {}', shown.resolves_on)
        when not shown.testable and shown.scopes_tried = 0 then shown.metric_reason
        when shown.entity_type = 'app' and shown.scopes_tried = 0
            then 'installs of an app are no downloads of models: the Hub knows nothing of an app'
        when shown.scopes_tried = 0 and shown.metric like 'arena%'
            then format('the record has no table of the Arena of the 45 days up to {}', shown.as_of_to)
        when shown.scopes_tried = 0 and shown.as_of_from > shown.last_date
            then format('the record ends on {}', shown.last_date)
        when shown.scopes_tried = 0 and shown.as_of_to < shown.first_date
            then format('the record begins on {}', shown.first_date)
        when
            shown.scopes_tried = 0
            and shown.metric = 'cumulative_downloads'
            and shown.as_of_to < shown.first_count
            then format('the record has all-time counts from {} on', shown.first_count)
        when shown.scopes_tried = 0 and shown.entity_type in ('list', 'other')
            then format('what belongs to "{}" is not recorded here', shown.entity)
        when shown.scopes_tried = 0 and shown.measured_by is null
            then format('no mart measures {} yet', shown.metric)
        when shown.scopes_tried = 0
            then format(
                '{} has nothing of {} for these dates and this qualifier', shown.measured_by, shown.entity
            )
        when shown.agreeing + shown.disagreeing = 0 and shown.metric = 'inflection_month'
            then format(
                'shares are recorded only after the month claimed; the first lasting rise since: {} to {}',
                shown.least_shown, shown.most_shown
            )
        when shown.agreeing + shown.disagreeing = 0 and shown.metric = 'crossover_month'
            then format(
                'it may have been before the record began; in the record it was {} to {}',
                shown.least_shown, shown.most_shown
            )
        when shown.agreeing + shown.disagreeing = 0
            then format('the bounds allow either: {} in {}', shown.least_shown, shown.nearest_scope)
        else format(
            '{} claimed ({}), {} measured; {} of {} scopes agree, {} disagree{}; nearest: {}',
            shown.claimed_shown,
            replace(shown.comparison, '_', ' '),
            case
                when shown.least_shown = shown.most_shown then shown.least_shown
                else shown.least_shown || ' to ' || shown.most_shown
            end,
            shown.agreeing,
            shown.scopes_tried,
            shown.disagreeing,
            case
                when shown.agreeing + shown.disagreeing = shown.scopes_tried then ''
                else ', the rest undecided'
            end,
            shown.nearest_scope
        )
    end as reason,
    shown.nearest_scope,
    shown.others as inconsistent_with,
    shown.resolves_on,
    shown.sample
from shown
