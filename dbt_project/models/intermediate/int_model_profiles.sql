-- For whom a model counts is one of few profiles: what it counts for under each attribution, with weights and
-- evidence. Written out as text, a profile needs no table to be known by, and its digest is its key. As texts
-- are long, one model of a profile says it for all.
with heads as (
    select
        weights.attribution,
        weights.date,
        weights.head_key,
        string_agg(
            concat_ws(chr(31), weights.attribution, weights.family, weights.weight, 'declared'),
            chr(30) order by weights.family
        ) as said
    from {{ ref('int_lineage_weights') }} as weights
    group by weights.attribution, weights.date, weights.head_key
),

-- Models are told apart by numbers.
texts as (
    select
        distinct_heads.said,
        row_number() over () as text_number
    from (select distinct heads.said from heads) as distinct_heads
),

lineage as (
    select
        members.attribution,
        members.date,
        members.component_key,
        texts.text_number
    from {{ ref('int_lineage_heads') }} as members
    inner join heads using (attribution, date, head_key)
    inner join texts on heads.said = texts.said
    where members.has_lineage
),

states as (
    select
        days.date,
        days.model_key,
        case
            when days.publisher is null then 'unknown'
            when days.is_first_party then days.brand
            else 'other'
        end as publisher_family,
        days.brand,
        coalesce(roots.text_number, 0) as root_number,
        coalesce(anchors.text_number, 0) as anchor_number
    from {{ ref('int_model_days') }} as days
    left join
        {{ ref('int_lineage_components') }} as root_components
        on
            days.date = root_components.date
            and days.model_key = root_components.node_key
            and root_components.attribution = 'root'
    left join
        {{ ref('int_lineage_components') }} as anchor_components
        on
            days.date = anchor_components.date
            and days.model_key = anchor_components.node_key
            and anchor_components.attribution = 'anchor'
    left join
        lineage as roots
        on
            days.date = roots.date
            and coalesce(root_components.component_key, days.model_key) = roots.component_key
            and roots.attribution = 'root'
    left join
        lineage as anchors
        on
            days.date = anchors.date
            and coalesce(anchor_components.component_key, days.model_key) = anchors.component_key
            and anchors.attribution = 'anchor'
),

kinds as (
    select
        states.publisher_family,
        states.brand,
        states.root_number,
        states.anchor_number,
        min(states.model_key) as speaker
    from states
    group by states.publisher_family, states.brand, states.root_number, states.anchor_number
),

evidenced as (
    select
        kinds.*,
        case kinds.brand when 'other' then 'none' else 'inferred-name' end as evidence
    from kinds
),

described as (
    select
        kinds.*,
        concat_ws(
            chr(30),
            concat_ws(
                chr(31),
                'publisher',
                kinds.publisher_family,
                1,
                case kinds.publisher_family when 'unknown' then 'none' else 'declared' end
            ),
            concat_ws(chr(31), 'brand', kinds.brand, 1, kinds.evidence),
            coalesce(roots.said, concat_ws(chr(31), 'root', kinds.brand, 1, kinds.evidence)),
            coalesce(anchors.said, concat_ws(chr(31), 'anchor', kinds.brand, 1, kinds.evidence))
        ) as said
    from evidenced as kinds
    left join texts as roots on kinds.root_number = roots.text_number
    left join texts as anchors on kinds.anchor_number = anchors.text_number
),

keyed as (
    select
        described.*,
        md5_number(described.said) as profile
    from described
)

select
    states.date,
    states.model_key,
    keyed.profile,
    case when states.model_key = keyed.speaker then keyed.said end as said
from states
inner join keyed using (publisher_family, brand, root_number, anchor_number)
