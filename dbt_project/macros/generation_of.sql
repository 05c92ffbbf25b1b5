{#- The generation that a repository's name tells: the number after the family's name, with its letter; NULL where
    none follows. What ends in b is a size. -#}
{% macro generation_of(repo_id, family) -%}
    nullif(
        regexp_extract(
            lower(regexp_extract({{ repo_id }}, '[^/]*$')),
            regexp_escape(lower({{ family }})) || '[-_ ]?([a-z]?[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:[^0-9.b]|$)',
            1
        ),
        ''
    )
{%- endmacro %}
