"""What a terminal shows while the list is crawled: one line, written over.

Belongs here: the bar. Does not belong here: what is logged or stored (see
`assets.captures.assets`).
"""

import sys
import time
from typing import TextIO

from assets.captures.store import OpenCapture

_WIDTH = 24


class CrawlProgress:
    """A bar with pages, rows, rate, quota left and time to go.

    Args:
        expected_rows: Rows of the night before; None where there is none, and so no bar.
        out: The terminal.
    """

    def __init__(self, expected_rows: int | None, out: TextIO = sys.stderr) -> None:
        self._expected = expected_rows
        self._out = out
        self._start: tuple[float, int] | None = None

    def __call__(self, capture: OpenCapture, quota_left: int | None) -> None:
        """Show where the crawl is; called after each page."""
        now, rows = time.monotonic(), capture.rows
        # What was there before this run says nothing about its rate.
        self._start = self._start or (now, rows)
        seconds, received = now - self._start[0], rows - self._start[1]
        rate = received / seconds if seconds > 0 else 0.0
        parts = [f"{capture.pages} pages", f"{rows:,} models"]
        if rate:
            parts.append(f"{rate:,.0f} a second")
        if quota_left is not None:
            parts.append(f"quota left {quota_left}")
        if self._expected and not capture.complete:
            done = min(rows / self._expected, 1.0)
            filled = round(done * _WIDTH)
            parts.insert(0, f"[{'=' * filled}{' ' * (_WIDTH - filled)}] {done:4.0%}")
            if rate and done < 1.0:
                parts.append(f"{_duration((self._expected - rows) / rate)} to go")
        end = "\n" if capture.complete else ""
        print("\r\x1b[K" + ", ".join(parts), end=end, file=self._out, flush=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
