{#-
    CTE bodies: the best and the worst place that each row of `relation` may hold within its leaderboard and
    date when every rating lies anywhere within its interval, ties included. A rating without an interval
    counts as it is for the others. `unit` is what is ranked.
-#}
{% macro interval_bounds(relation, unit) -%}
select
    {{ relation }}.arena,
    {{ relation }}.published_on,
    {{ relation }}.{{ unit }},
    bounds.is_low,
    case bounds.is_low
        when 1 then coalesce({{ relation }}.rating_low, {{ relation }}.rating)
        else coalesce({{ relation }}.rating_high, {{ relation }}.rating)
    end as bound
from {{ relation }}
cross join (values (0), (1)) as bounds (is_low)
{%- endmacro %}
{#- From the bounds in falling order, highs before equal lows: what stands before a high is better for certain,
    what stands before a low may be. -#}
{% macro interval_places(bounds, unit) -%}
select
    counted.arena,
    counted.published_on,
    counted.{{ unit }},
    cast(1 + max(case counted.is_low when 0 then counted.lows end) as bigint) as rank_best,
    cast(max(case counted.is_low when 1 then counted.highs end) as bigint) as rank_worst
from (
    select
        {{ bounds }}.*,
        sum({{ bounds }}.is_low) over falling as lows,
        sum(1 - {{ bounds }}.is_low) over falling as highs
    from {{ bounds }}
    window
        falling as (
            partition by {{ bounds }}.arena, {{ bounds }}.published_on
            order by {{ bounds }}.bound desc, {{ bounds }}.is_low
            rows between unbounded preceding and current row
        )
) as counted
group by counted.arena, counted.published_on, counted.{{ unit }}
{%- endmacro %}
