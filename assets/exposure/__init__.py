"""Exposure: the models that the user's own teams run, and where they are named.

Belongs here: inventories, read from files, from a cache, from the files of a repository. Does not
belong here: what an inventory depends on (models `fct_exposure*` of `dbt_project`), its page (see
`assets.publication`).
"""
