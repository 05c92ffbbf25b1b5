"""Whether a capture counts, judged by its neighbours.

Belongs here: verdicts and their thresholds. Does not belong here: what happens to a capture that
does not count (see `assets.captures.sources`).
"""

import statistics
from collections.abc import Sequence

ADMITTED = "admitted"
NEIGHBOURS = 7
"""Captures on either side that a capture is compared with."""


def row_verdict(
    rows: int, before: Sequence[int], after: Sequence[int], min_rows_share: float
) -> str:
    """Judge the number of rows: a night cut short must not pass for a night.

    The reference is the smaller of the medians of the captures before and after, so that growth
    of the Hub is no fault of the earlier one. With nothing before, it is the smallest one after.

    Args:
        rows: Usable rows of the capture.
        before: Rows of admitted captures before it, nearest last.
        after: Rows of admitted captures after it, nearest first.
        min_rows_share: Share of the reference below which a capture is partial.

    Returns:
        ``admitted``, or ``partial`` with the numbers.
    """
    before, after = before[-NEIGHBOURS:], after[:NEIGHBOURS]
    if before:
        medians = [statistics.median(side) for side in (before, after) if side]
        reference = min(medians)
    elif after:
        reference = min(after)
    else:
        return ADMITTED
    if rows >= min_rows_share * reference:
        return ADMITTED
    return f"partial: {rows} rows, {rows / reference:.1%} of the {reference:.0f} of its neighbours"
