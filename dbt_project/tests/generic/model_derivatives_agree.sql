{#- Rows that contradict the definitions, of the months that this run computed, and months with two dates. -#}
{% test model_derivatives_agree(model) %}
with due as (
    select counts.*
    from {{ model }} as counts
    where counts.as_of in (select due.date from raw.facts_batch as due)
)

select month, hub_id, 'any is not the sum of the relations' as fault
from due
group by month, hub_id
having
    {%- for column in ['direct', 'transitive', 'internal', 'new'] %}
    coalesce(sum({{ column }}) filter (where relation = 'any'), 0)
    <> coalesce(sum({{ column }}) filter (where relation <> 'any'), 0) {{ 'or' if not loop.last }}
    {%- endfor %}
union all
select month, hub_id, 'a part exceeds its whole' as fault
from due
where
    direct > transitive or direct_fractional > direct + 1e-9 or new > direct or publishers > direct
    or direct + internal + transitive = 0
union all
select months.month, null as hub_id, 'not as of the last capture of the month' as fault
from (select distinct counts.month, counts.as_of from {{ model }} as counts) as months
left join
    {{ ref('int_month_captures') }} as captures
    on months.month = captures.month and months.as_of = captures.as_of
where captures.month is null
{% endtest %}
