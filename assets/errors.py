"""The two kinds of failure that a person or a retry policy acts on.

Belongs here: exceptions that cross subjects. Does not belong here: errors of one module's own.
"""


class LedgerError(Exception):
    """A failure that trying again does not mend; one line: what is wrong, what to do."""


class HubUnavailable(LedgerError):
    """The Hub did not answer as it should, but may later: the network, a rate limit, a 5xx."""
