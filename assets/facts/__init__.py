"""The facts: the dbt project as Dagster assets.

Belongs here: how dbt is found, run and shown. Does not belong here: SQL (see `dbt_project`).
"""
