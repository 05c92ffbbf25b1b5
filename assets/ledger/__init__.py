"""The ledger: every capture in DuckDB's schema `raw`, keyed on the Hub's immutable `_id`.

Belongs here: the schema, loading, replaying. Does not belong here: anything computed (see
`dbt_project`).
"""
