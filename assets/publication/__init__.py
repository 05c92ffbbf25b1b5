"""Publication: the read-only warehouse for BI, its Parquet twins, the manifest, the headline.

Belongs here: everything that leaves the private warehouse. Does not belong here: computing facts.
"""
