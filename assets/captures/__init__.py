"""The record: one immutable capture a date on disk, whatever source it came from.

Belongs here: writing, sealing, verifying and reading captures, and the sources that fill them.
Does not belong here: what is computed from them.
"""
