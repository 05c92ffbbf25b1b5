"""Verdicts on the number of rows: METHOD trap 7, and what must not be taken for it."""

import datetime as dt
from collections.abc import Sequence

import pytest

from assets.captures.admission import ADMITTED, row_verdict

DATE = dt.date(2026, 1, 31)


def verdict_of(rows: int, before: Sequence[int], after: Sequence[int]) -> str:
    """The verdict on a capture with these rows before it, nearest last, and after it."""
    others = {DATE + dt.timedelta(days=n - len(before)): one for n, one in enumerate(before)}
    others |= {DATE + dt.timedelta(days=n): one for n, one in enumerate(after, 1)}
    return row_verdict(DATE, rows, sorted((others | {DATE: rows}).items()), 0.9)[0]


@pytest.mark.parametrize(
    ("rows", "before", "after"),
    [
        (100, [], []),
        (91, [100] * 10, []),
        (100, [110, 100, 90], []),
        # The four real captures grow by a third in three days.
        (11566, [], [12772, 13192, 15156]),
        (15156, [11566, 12772, 13192], []),
        # A Hub that doubles after a gap makes no earlier night partial.
        (100, [98, 99], [200, 210]),
        # A wave of removals is followed by captures of the new size.
        (80, [100] * 7, [80] * 7),
        # One bad neighbour does not move the median.
        (100, [100, 100, 20, 100], []),
        (100, [100] * 7, [20, 100, 100]),
    ],
)
def test_admitted(rows: int, before: list[int], after: list[int]) -> None:
    assert verdict_of(rows, before, after) == ADMITTED


@pytest.mark.parametrize(
    ("rows", "before", "after", "share"),
    [
        # 24 November 2025: 289 thousand of 1.13 million rows.
        (289_000, [1_120_000, 1_125_000], [1_131_000], "25."),
        (89, [100], [], "89.0%"),
        (20, [], [100, 101], "20.0%"),
        (89, [100] * 7, [105] * 7, "89.0%"),
        # A second short night does not excuse the first one, nor the first the second.
        (26, [100] * 7, [27], "26.0%"),
        (27, [100] * 6 + [26], [], "27.0%"),
    ],
)
def test_partial(rows: int, before: list[int], after: list[int], share: str) -> None:
    verdict = verdict_of(rows, before, after)
    assert verdict.startswith("partial: ")
    assert share in verdict
