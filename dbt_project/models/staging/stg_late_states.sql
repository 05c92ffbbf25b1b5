{{ config(materialized='table') }}

-- A capture that does not count may show a state that the next one that counts does not, which lists the
-- model in another one or not at all. Of models that are one with others the turns tell what holds when.
{%- set histories = ('model_names', 'model_cards', 'model_lineage') %}
with begun as (
    {% for history in histories %}
        select
            '{{ history }}' as history,
            states.model_key,
            states.valid_from,
            states.valid_to,
            captures.counts_from
        from {{ source('raw', history) }} as states
        inner join {{ ref('stg_counting_dates') }} as captures on states.valid_from = captures.date
        anti join {{ ref('stg_model_turns') }} as turns on states.model_key = turns.model_key
        where captures.counts_from is distinct from captures.date
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

late as (
    select begun.*
    from begun
    where
        begun.counts_from >= begun.valid_to
        or not exists (
            select 1
            from {{ source('raw', 'presence_spans') }} as spans
            where begun.model_key = spans.model_key and {{ valid_on('spans', 'begun.counts_from') }}
        )
)

select
    late.history,
    late.model_key,
    late.valid_from,
    min(captures.date) as shown_from
from late
left join {{ source('raw', 'presence_spans') }} as spans on late.model_key = spans.model_key
left join
    {{ ref('stg_counting_dates') }} as captures
    on
        captures.date = captures.counts_from
        and {{ valid_on('late', 'captures.date') }}
        and {{ valid_on('spans', 'captures.date') }}
group by late.history, late.model_key, late.valid_from
