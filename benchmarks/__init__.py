"""What the performance goals are measured with: a full-size Hub, and ours beside its peers.

Belongs here: generated captures, servers and loops that exist only to be measured.
Does not belong here: anything that a night needs.
"""
