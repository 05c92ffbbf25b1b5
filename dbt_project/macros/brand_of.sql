{#-
    The first family, by priority, whose namespace owns a repository or whose pattern its name
    matches; NULL where none does, or where an exclusion matches the whole id. `owner` and `name` are
    expressions in lower case. The rules are
    written out as constants, because DuckDB compiles a constant pattern once and any other once a row.
-#}
{% macro brand_of(repo_id, owner, name) -%}
    {%- set exclusions = run_query("select pattern from " ~ ref('unbranded') ~ " order by pattern")
        if execute else none -%}
    {%- set rules = run_query(
        "select family, namespaces, name_pattern from " ~ ref('families') ~ " order by priority"
    ) if execute else none -%}
    case
        {%- for exclusion in (exclusions.rows if exclusions else []) %}
            when regexp_matches(lower({{ repo_id }}), {{ quoted(exclusion[0]) }}) then null
        {%- endfor %}
        {%- for rule in (rules.rows if rules else []) %}
            when
                {%- if rule[1] %}
                    {{ owner }} in ({% for owner_name in rule[1].split(';') -%}
                        {{ quoted(owner_name) }}{{ ", " if not loop.last }}
                    {%- endfor %}) or
                {%- endif %}
                regexp_matches({{ name }}, {{ quoted(rule[2]) }})
                then {{ quoted(rule[0]) }}
        {%- endfor %}
    {%- if not rules or not rules.rows %}
            when false then ''
    {%- endif %}
    end
{%- endmacro %}
