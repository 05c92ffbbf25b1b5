"""What is produced, and the code that produces it: one package a subject.

Belongs here: the Hub's client, captures, the ledger, facts, publication. Inside a subject only
`assets.py` knows Dagster; the modules beside it are plain functions that a notebook could call.
Does not belong here: schedules, settings, commands (see `pipelines`, which this package never
imports).
"""
