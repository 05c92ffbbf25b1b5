{#- A state's interval, as far as the model's turn among those that are one reaches; see raw.identities. -#}
{% macro in_turn(history) -%}
    coalesce(turns.canonical_key, {{ history }}.model_key) as model_key,
    greatest({{ history }}.valid_from, coalesce(turns.turn_from, {{ history }}.valid_from)) as valid_from,
    least({{ history }}.valid_to, turns.turn_to) as valid_to
{%- endmacro %}
{#- Whether a state reaches into the turn at all; one of a model that stands alone does. -#}
{% macro reaches_turn(history) -%}
    (
        turns.model_key is null
        or (
            ({{ history }}.valid_to is null or {{ history }}.valid_to > turns.turn_from)
            and (turns.turn_to is null or {{ history }}.valid_from < turns.turn_to)
        )
    )
{%- endmacro %}
