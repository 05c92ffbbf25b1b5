{#- Rows that contradict the definitions: any is the sum of the relations, direct lies within transitive,
    every publisher but the largest has one model at least, all-time counts are there for all or for none. -#}
{% test derivative_counts_agree(model) %}
with due as (
    select counts.*
    from {{ model }} as counts
    where counts.date in (select due.date from raw.facts_batch as due)
)

select date, family, 'any is not the sum of the relations' as fault
from due
group by date, family
having
    {%- for column in ['direct', 'direct_over_5', 'transitive', 'internal', 'new_30d', 'gone'] %}
    sum({{ column }}) filter (where relation = 'any') <> sum({{ column }}) filter (where relation <> 'any') or
    {%- endfor %}
    max(publishers) filter (where relation = 'any') < max(publishers) filter (where relation <> 'any')
    or max(publishers) filter (where relation = 'any') > sum(publishers) filter (where relation <> 'any')
union all
select date, family, 'a part exceeds its whole' as fault
from due
where
    direct > transitive or direct_fractional > direct + 1e-9 or direct_over_5 > direct
    or new_30d > direct or publishers > direct
    or round(top_publisher_share * direct) > direct - publishers + least(publishers, 1)
    or (top_publisher_share is null) <> (direct = 0)
union all
select due.date, due.family, 'all-time counts where there are none, or the other way round' as fault
from due
inner join {{ ref('stg_captures') }} as captures on due.date = captures.date
where (due.direct_over_5 is not null) <> captures.has_all_time
{% endtest %}
