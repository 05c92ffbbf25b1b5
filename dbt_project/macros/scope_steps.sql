{#-
    For each scope with rules on owners or names, the step of the first one that matches (NULL for
    none), as a map. `owner` and `name` are expressions in lower case. Constants, as in brand_of.
-#}
{% macro scope_steps(owner, name) -%}
    {%- set rules = run_query(
        "select scope, step, field, pattern, unless from " ~ ref('scope_rules')
        ~ " where field in ('owner', 'name') order by scope, step"
    ) if execute else none -%}
    {%- set fields = {'owner': owner, 'name': name} -%}
    {%- set scopes = (rules.rows if rules else []) | groupby(0) -%}
    map(
        cast([{% for scope, _ in scopes %}{{ quoted(scope) }}{{ ", " if not loop.last }}{% endfor %}] as varchar[]),
        cast([
            {%- for _, steps in scopes %}
                case
                    {%- for rule in steps %}
                        when
                            regexp_matches({{ fields[rule[2]] }}, {{ quoted(rule[3]) }})
                            {%- if rule[4] %}
                                and not regexp_matches({{ fields[rule[2]] }}, {{ quoted(rule[4]) }})
                            {%- endif %}
                            then {{ rule[1] }}
                    {%- endfor %}
                end{{ "," if not loop.last }}
            {%- endfor %}
        ] as integer[])
    )
{%- endmacro %}
