{#- The generation that a repository's name tells: the number after the family's name, with its letter; NULL where
    none follows. A size is none: it ends in b, m or k, or counts experts. -#}
{% macro generation_of(repo_id, family) -%}
    {#- A pattern that differs by row is compiled for each: the family is found as text. -#}
    {%- set name = "regexp_replace(lower(regexp_extract(" ~ repo_id ~ ", '[^/]*$')), '([0-9])_([0-9])', '\\1.\\2')" -%}
    nullif(
        regexp_extract(
            case
                when contains({{ name }}, lower({{ family }}))
                    then substr({{ name }}, strpos({{ name }}, lower({{ family }})) + length({{ family }}))
            end,
            '^[-_ ]?([a-z]?[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:[^0-9.bmkx]|$)',
            1
        ),
        ''
    )
{%- endmacro %}
