{#- The generation that a repository's name tells: the number after the family's name, with its letter; NULL where
    none follows. A size is none: it ends in b, m or k, or counts experts. -#}
{% macro generation_of(repo_id, family) -%}
    nullif(
        regexp_extract(
            regexp_replace(lower(regexp_extract({{ repo_id }}, '[^/]*$')), '([0-9])_([0-9])', '\1.\2'),
            regexp_escape(lower({{ family }}))
            || '[-_ ]?([a-z]?[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:[^0-9.bmkx]|$)',
            1
        ),
        ''
    )
{%- endmacro %}
