"""The report: one page that holds its charts, findings, tables and data, and asks no host.

Belongs here: what is told of the published file to a reader without tools. Does not belong here:
figures that are in no mart.
"""
