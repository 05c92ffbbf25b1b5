-- For whom a model counts is one of few profiles: what it counts for under each attribution, with weights and
-- evidence. Written out as text, a profile needs no table to be known by, and its digest is its key. As texts
-- are long, one model of a profile says it for all.
with heads as (
    select
        weights.attribution,
        weights.date,
        weights.head_key,
        -- A list that is sorted afterwards costs a fraction of an aggregate in order.
        array_to_string(
            list_sort(
                list(
                    concat_ws(chr(31), weights.attribution, weights.family, weights.weight, 'declared')
                )
            ),
            chr(30)
        ) as said
    from {{ ref('int_lineage_weights') }} as weights
    group by weights.attribution, weights.date, weights.head_key
),

-- Models are told apart by numbers.
texts as (
    select
        distinct_heads.said,
        cast(row_number() over () as integer) as text_number
    from (select distinct heads.said from heads) as distinct_heads
),

members as (
    select
        members.date,
        members.node_key,
        max(texts.text_number) filter (where members.attribution = 'root') as root_number,
        max(texts.text_number) filter (where members.attribution = 'anchor') as anchor_number,
        bool_or(members.has_lineage) filter (where members.attribution = 'root') as has_root,
        bool_or(members.has_lineage) filter (where members.attribution = 'anchor') as has_anchor
    from {{ ref('int_lineage_heads') }} as members
    inner join heads using (attribution, date, head_key)
    inner join texts on heads.said = texts.said
    group by members.date, members.node_key
),

lineage as (
    select
        members.date,
        members.node_key,
        case when members.has_root then members.root_number end as root_number,
        case when members.has_anchor then members.anchor_number end as anchor_number
    from members
    union all
    select
        ends.date,
        ends.child_key,
        members.root_number,
        members.anchor_number
    from {{ ref('int_lineage_ends') }} as ends
    inner join members on ends.date = members.date and ends.stem_key = members.node_key
),

states as (
    select
        days.date,
        days.model_key,
        days.publisher is not null as has_publisher,
        days.is_first_party,
        days.brand,
        coalesce(lineage.root_number, 0) as root_number,
        coalesce(lineage.anchor_number, 0) as anchor_number
    from {{ ref('int_model_days') }} as days
    left join lineage on days.date = lineage.date and days.model_key = lineage.node_key
),

kinds as (
    select
        states.has_publisher,
        states.is_first_party,
        states.brand,
        states.root_number,
        states.anchor_number,
        min(states.model_key) as speaker
    from states
    group by
        states.has_publisher,
        states.is_first_party,
        states.brand,
        states.root_number,
        states.anchor_number
),

evidenced as (
    select
        kinds.*,
        case
            when not kinds.has_publisher then 'unknown'
            when kinds.is_first_party then kinds.brand
            else 'other'
        end as publisher_family,
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

digested as (
    select
        described.*,
        md5_number(described.said) as profile
    from described
),

-- Digested before the join: once a kind, not once a model.
keyed as (
    {{ few_of('digested', [
        'has_publisher', 'is_first_party', 'brand', 'root_number', 'anchor_number', 'speaker', 'said', 'profile'
    ]) }}
)

select
    states.date,
    states.model_key,
    keyed.profile,
    case when states.model_key = keyed.speaker then keyed.said end as said
from states
inner join keyed using (has_publisher, is_first_party, brand, root_number, anchor_number)
