"""What a terminal shows while the list is crawled or the archive read: one line, written over.

Belongs here: the bars. Does not belong here: what is logged or stored (see
`assets.captures.assets`).
"""

import sys
import time
from typing import TextIO

from assets.captures.archive_source import Progress
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


def show_backfill(progress: Progress) -> None:
    """One line a date; at a terminal one line, written over page by page."""
    out = sys.stderr
    finished, is_terminal = progress.rows == progress.rows_of, out.isatty()
    if not (finished or is_terminal):
        return
    parts = [
        f"{progress.date}: {progress.rows:,} models",
        f"{progress.done + finished} of {progress.of} dates",
        f"{progress.received / 1e6:,.1f} MB fetched of {progress.file_bytes / 1e6:,.1f}",
    ]
    to_go = progress.seconds_to_go
    if to_go:
        parts.append(f"{_duration(to_go)} to go")
    is_last = finished and progress.done + 1 == progress.of
    start, end = ("\r\x1b[K", "\n" if is_last else "") if is_terminal else ("", "\n")
    print(start + ", ".join(parts), end=end, file=out, flush=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
