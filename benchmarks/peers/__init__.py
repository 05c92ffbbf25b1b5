"""Other people's tools at the product's work, each in its best reasonable form.

Belongs here: loading and the headline facts with dlt and dbt, with pandas; lineage with networkx
and igraph. Does not belong here: the product, or anything that imports it. All of it runs in an
environment of its own (`peers.txt` beside this folder).
"""
