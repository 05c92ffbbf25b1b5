"""Change points of a series by optimal partitioning (METHOD D13).

Belongs here: what SQL cannot say in a page, on plain arrays. Does not belong here: which series are
looked at and what becomes of the breaks (see `int_change_points` and `fct_change_points`).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

PENALTIES = (1, 2, 3, 5, 10)
"""Multiples of the penalty 2 sigma^2 ln n under which breaks are looked for."""

MIN_SEGMENT = 2
"""Fewest values between two breaks, and before the first and after the last one."""

_MAD_TO_SIGMA = 1.4826


def noise(values: Sequence[float]) -> float:
    """Spread (sigma) of values about a level that seldom moves, from their differences.

    1.4826 times the median absolute deviation of the differences, over the root of 2.
    """
    steps = np.diff(np.asarray(values, dtype=float))
    deviation = np.median(np.abs(steps - np.median(steps)))
    return float(_MAD_TO_SIGMA * deviation / math.sqrt(2))


def breaks(values: Sequence[float], penalties: Sequence[float]) -> list[list[int]]:
    """Positions at which new levels begin, ascending, for each penalty.

    Of all partitions into segments of at least `MIN_SEGMENT` values, the one with the least sum of
    squared deviations from the segments' means plus the penalty a break; of equal ones, that with
    the earliest last break. Takes time in the square of the number of values.
    """
    count = len(values)
    if count < 2 * MIN_SEGMENT:
        return [[] for _ in penalties]
    a_break = np.asarray(penalties, dtype=float)
    numbers = np.asarray(values, dtype=float)
    # About the mean, so that squares of a high level do not swamp the deviations from it.
    numbers = numbers - numbers.mean()
    sums = np.concatenate([[0.0], np.cumsum(numbers)])
    squares = np.concatenate([[0.0], np.cumsum(numbers**2)])
    best = np.full((count + 1, len(a_break)), np.inf)
    best[0] = -a_break
    origin = np.zeros((count + 1, len(a_break)), dtype=int)
    for end in range(MIN_SEGMENT, count + 1):
        starts = np.arange(end - MIN_SEGMENT + 1)
        cost = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        totals = best[starts] + a_break + cost[:, None]
        origin[end] = np.argmin(totals, axis=0)
        best[end] = np.min(totals, axis=0)
    return [_path(origin[:, column], count) for column in range(len(a_break))]


def _path(origin: npt.NDArray[np.int_], count: int) -> list[int]:
    found = []
    start = int(origin[count])
    while start > 0:
        found.append(start)
        start = int(origin[start])
    return found[::-1]


def breaks_by_penalty(values: Sequence[float]) -> dict[int, list[int]]:
    """The breaks for each of `PENALTIES`; none at all where the values' noise is 0."""
    sigma = noise(values) if len(values) > 1 else 0.0
    if sigma == 0:
        return {multiple: [] for multiple in PENALTIES}
    unit = 2 * sigma**2 * math.log(len(values))
    return dict(zip(PENALTIES, breaks(values, [unit * one for one in PENALTIES]), strict=True))
