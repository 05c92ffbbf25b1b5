{#- Conditions on states as stg_model_names and stg_model_cards tell them. What is said of state_to follows from the rest; by a
    literal, or NULL, DuckDB leaves out unread what ended long ago. -#}
{#- Whether a state is its model's last one. -#}
{% macro is_newest(states) -%}
    {{ states }}.valid_to is null and {{ states }}.state_to is null
{%- endmacro %}
{#- Whether a state holds on a date that is no earlier than a literal one. -#}
{% macro held_on(states, date, since) -%}
    {{ valid_on(states, date) }} and ({{ states }}.state_to is null or {{ states }}.state_to > {{ since }})
{%- endmacro %}
