{#- The class of a licence tag, by a join with the seed license_classes. -#}
{% macro license_class(license, classes) -%}
    case
        when {{ license }} is null or lower({{ license }}) = 'unknown' then 'not stated'
        else coalesce({{ classes }}.license_class, 'other')
    end
{%- endmacro %}
