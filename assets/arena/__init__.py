"""The Arena's leaderboards: kept on disk as published, and loaded into the ledger.

Belongs here: the record of leaderboards and its loading. Does not belong here: reading them from
the Hub (see `assets.hub.arena`), facts.
"""
