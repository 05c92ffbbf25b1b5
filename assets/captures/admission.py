"""Whether a capture counts, judged by the number of rows of its neighbours.

Belongs here: thresholds, and the verdict that needs no more than row counts. Does not belong here:
what counters say of a capture (see `assets.ledger.quality`), what happens to one that does not
count (see `assets.captures.sources`).
"""

import bisect
import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

ADMITTED = "admitted"
_NEIGHBOURS = 7
_CONFIRMING = 3


@dataclass(frozen=True)
class Thresholds:
    """From where on a capture is something else than a plain night; shares from 0 to 1.

    Attributes:
        min_rows: Share of its neighbours' rows below which a capture is partial.
        rolled_back: Share of the models with a falling all-time count above which the counters
            were rolled back.
        recovered: Share of a rollback's first shortfall at which it is over.
        stalled: Share of the big models with an unmoved all-time count from which on the night
            stalled.
        slow: Share of the local median of daily downloads below which it stalled as well.
        frozen: Share of the big models with an unmoved 30-day count from which on it is frozen.
    """

    min_rows: float = 0.9
    rolled_back: float = 0.05
    recovered: float = 0.1
    stalled: float = 0.25
    slow: float = 0.3
    frozen: float = 0.25


PLAIN = Thresholds()
"""The thresholds in force where no setting says otherwise."""


def row_verdict(
    date: dt.date, rows: int, others: Sequence[tuple[dt.date, int]], min_rows: float
) -> tuple[str, float]:
    """Judge the number of rows: a night cut short must not pass for a night.

    A capture is compared with the median of the seven captures before it. Where three or more
    captures follow and are smaller, their median is what counts: the Hub shrank, or grew later.
    With nothing before it, a capture is compared with the smallest of those after it.

    Args:
        date: The capture's date.
        rows: Its usable rows.
        others: Dates and rows of all recorded captures, in order; whether they count makes no
            difference, so that the verdict does not depend on the order in which they arrive.
        min_rows: Share of the reference below which a capture is partial.

    Returns:
        ``admitted``, or ``partial`` with the numbers; and the rows as a share of the reference.
    """
    place = bisect.bisect_left(others, date, key=itemgetter(0))
    follows = place + (place < len(others) and others[place][0] == date)
    before = [count for _, count in others[max(0, place - _NEIGHBOURS) : place]]
    after = [count for _, count in others[follows : follows + _NEIGHBOURS]]
    if before:
        reference = statistics.median(before)
        if len(after) >= _CONFIRMING:
            reference = min(reference, statistics.median(after))
    elif after:
        reference = min(after)
    else:
        return ADMITTED, 1.0
    share = rows / reference
    if share >= min_rows:
        return ADMITTED, share
    return f"partial: {rows} rows, {share:.1%} of the {reference:.0f} of its neighbours", share
