{#- Rows that contradict the definitions: any is the sum of the relations, direct lies within transitive. -#}
{% test derivative_counts_agree(model) %}
select date, family, 'any is not the sum of the relations' as fault
from {{ model }}
where date in (select due.date from raw.facts_batch as due)
group by date, family
having
    sum(direct) filter (where relation = 'any') <> sum(direct) filter (where relation <> 'any')
    or sum(transitive) filter (where relation = 'any') <> sum(transitive) filter (where relation <> 'any')
union all
select date, family, 'direct exceeds transitive' as fault
from {{ model }}
where date in (select due.date from raw.facts_batch as due)
    and (direct > transitive or direct_fractional > direct + 1e-9 or new_30d > direct or publishers > direct)
{% endtest %}
