{#-
    The statement of an incremental history: CTEs that follow one of the states on the dates that are
    due, the relation `due` with columns date, key and state (lists of names). A row holds from the first
    capture with a state to the first without it; a key may have several states at once, or none. Only
    keys whose states on a date that is due differ from what the table says are written anew, from all
    their dates.
-#}
{% macro history_of(due, key, state) -%}
{%- set columns = key + state -%}
captures as (
    select
        captures.date,
        lead(captures.date) over (order by captures.date) as next_date,
        row_number() over (order by captures.date) as number
    from {{ ref('stg_captures') }} as captures
    where captures.verdict = 'admitted' and captures.has_facts
),

due_states as (
    select
        due.date,
        {{ listed('due', columns) }}
    from {{ due }} as due
    -- A run of this model alone may find another run's dates there.
    where due.date in (select renewed.date from {{ ref('stg_facts_due') }} as renewed)
),

{% if is_incremental() %}
    held_states as (
        select
            due.date,
            {{ listed('held', columns) }}
        from {{ this }} as held
        inner join {{ ref('stg_facts_due') }} as due on {{ valid_on('held', 'due.date') }}
    ),

    admitted as (
        select captures.date
        from {{ ref('stg_captures') }} as captures
        where captures.verdict = 'admitted'
    ),

    touched as (
        -- What begins or ends at a capture that no longer counts,
        select
            {{ listed('held', key) }}
        from {{ this }} as held
        where
            held.valid_from not in (select admitted.date from admitted)
            or held.valid_to not in (select admitted.date from admitted)
        union
        -- or differs on a date that is due. No state is there twice, so that a join tells; `except all` on
        -- so many rows costs several times as much.
        select
            {% for column in key -%}
                coalesce(due_states.{{ column }}, held_states.{{ column }}) as {{ column }}{{ ", " if not loop.last }}
            {%- endfor %}
        from due_states
        full join
            held_states
            on
                due_states.date = held_states.date
                {%- for column in columns %}
                    and due_states.{{ column }} is not distinct from held_states.{{ column }}
                {%- endfor %}
        where due_states.date is null or held_states.date is null
    ),

    -- Few, and found before anything else: all spans on all their dates would be millions a capture.
    touched_spans as materialized (
        select
            {{ listed('held', columns) }},
            held.valid_from,
            held.valid_to
        from {{ this }} as held
        inner join touched using ({{ key | join(', ') }})
    ),

    states as (
        select due_states.*
        from due_states
        inner join touched using ({{ key | join(', ') }})
        union all
        select
            captures.date,
            {{ listed('touched_spans', columns) }}
        from touched_spans
        inner join captures on {{ valid_on('touched_spans', 'captures.date') }}
        where captures.date not in (select due.date from {{ ref('stg_facts_due') }} as due)
    ),
{% else %}
    states as (
        select due_states.* from due_states
    ),
{% endif %}

numbered as (
    select
        states.*,
        captures.next_date,
        captures.number - row_number() over (
            partition by {{ listed('states', columns) }}
            order by states.date
        ) as island
    from states
    inner join captures on states.date = captures.date
)

select
    {{ listed('numbered', columns) }},
    min(numbered.date) as valid_from,
    case
        when count(*) = count(numbered.next_date) then max(numbered.next_date)
    end as valid_to
from numbered
group by
    {{ listed('numbered', columns) }},
    numbered.island
{%- endmacro %}
{% macro listed(relation, columns) -%}
    {% for column in columns %}{{ relation }}.{{ column }}{{ ", " if not loop.last }}{% endfor %}
{%- endmacro %}
