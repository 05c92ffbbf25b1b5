{#- Base models as the Hub resolved them, or else as the tags name them. -#}
{% macro parents(models, tags) -%}
    case
        when len({{ models }}) > 0 then list_transform(
            {{ models }}, lambda one: struct_pack(hub_id := one._id, repo_id := one.id)
        )
        else list_transform(
            list_distinct(
                list_transform(
                    list_filter({{ tags }}, lambda tag: starts_with(tag, 'base_model:')),
                    lambda tag: regexp_replace(
                        tag, '^base_model:((adapter|finetune|merge|quantized):)?', ''
                    )
                )
            ),
            lambda named: struct_pack(hub_id := null::varchar, repo_id := named)
        )
    end
{%- endmacro %}
