"""CSV for spreadsheets.

Belongs here: how a table is written as CSV. Does not belong here: which tables.
"""

import polars as pl

FORMULA = r"^[=+\-@\t\r\n]"
"""How text begins that a spreadsheet would run."""


def as_csv(frame: pl.DataFrame) -> bytes:
    """A table as RFC 4180 has it, in UTF-8 with a header.

    A spreadsheet runs text that begins like a formula, and names are the Hub's: an apostrophe
    before it makes it text. The other forms have the name as it is.
    """
    text = pl.col(pl.String)
    safe = pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep()
    written = frame.with_columns(safe).write_csv(
        line_terminator="\r\n", datetime_format="%Y-%m-%d %H:%M:%S%.f"
    )
    return written.encode()
