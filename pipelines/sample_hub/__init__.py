"""The embedded Hub: a small HTTP server that speaks the Hub's contract over generated models.

Belongs here: the server and its catalogue, for `make demo` and the tests. Does not belong here:
anything the real Hub is asked with. Its data is a sample and says so in a header of every answer.
"""
