"""CPU seconds of our crawl and load beside a plain loop over `HfApi.list_models`.

Belongs here: both loops, each in a process of its own against the same pages, and their ratio.
Does not belong here: the server (see `benchmarks.serve`).
"""

import argparse
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.generate import generate
from benchmarks.serve import serving

Figures = dict[str, float]

_COLUMNS = (
    "id", "author", "created_at", "disabled", "downloads", "downloads_all_time", "gated",
    "last_modified", "library_name", "likes", "pipeline_tag", "private", "tags", "trending_score",
)  # fmt: skip
_VERSIONS = ("huggingface_hub", "httpx2", "polars", "duckdb", "msgspec", "zstandard")


def cpu() -> float:
    """CPU seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ours(endpoint: str, home: Path, load: bool = True) -> Figures:
    """The crawl into a sealed capture, then its load into the ledger."""
    from assets.captures.sources import capture_tonight
    from assets.captures.store import CaptureStore
    from assets.hub.client import HubAccess, HubClient
    from assets.ledger.load import load_capture
    from assets.ledger.warehouse import connect

    began = cpu()
    store = CaptureStore(home / "captures")
    today = dt.datetime.now(dt.UTC).date()
    manifest = capture_tonight(store, HubClient(HubAccess(endpoint)), today, 0.01, 0.9)
    figures = {"rows": manifest.rows, "crawl": cpu() - began, "crawl_mb": _peak_mb()}
    if load:
        began = cpu()
        with connect(home) as connection:
            load_capture(connection, store, today)
        figures["load"] = cpu() - began
    return figures


def plain(endpoint: str, home: Path) -> Figures:
    """What a script would do: every model an object, the objects a frame, the frame a file."""
    import polars as pl
    from huggingface_hub import HfApi

    from assets.hub.items import EXPAND

    began = cpu()
    expand: Any = list(EXPAND)
    models = HfApi(endpoint=endpoint, token=False).list_models(
        expand=expand, sort="created_at", limit=None
    )
    rows = [_row(model) for model in models]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(home / "models.parquet")
    return {"rows": len(rows), "crawl": cpu() - began, "crawl_mb": _peak_mb()}


def _row(model: Any) -> dict[str, Any]:
    row = {name: getattr(model, name) for name in _COLUMNS}
    row["_id"] = model._id
    row["gated"] = str(row["gated"])
    row["trending_score"] = float(row["trending_score"])
    row["parameters"] = model.safetensors.total if model.safetensors else None
    row["base_models"] = model.base_models
    return row


def _peak_mb() -> float:
    # Not ru_maxrss: a process keeps that of the one it was started from.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


_WAYS: dict[str, Callable[[str, Path], Figures]] = {
    "ours": ours,
    "ours, crawl only": lambda endpoint, home: ours(endpoint, home, load=False),
    "plain": plain,
}


def _run(way: str, endpoint: str) -> Figures:
    """One way in a fresh process."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "benchmarks.crawl", "--way", way, endpoint, home]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def compare(capture: Path, rows: int, rounds: int) -> None:
    """Both ways, interleaved, and their ratio."""
    results: dict[str, list[Figures]] = {"ours": [], "plain": []}
    with serving(capture, rows) as endpoint:
        for number in range(rounds):
            for way, figures in results.items():
                figures.append(_run(way, endpoint))
                print(f"round {number + 1}  {way:6} {_told(figures[-1])}", flush=True)
    for figures in results.values():
        if any(one["rows"] != rows for one in figures):
            raise SystemExit(f"asked for {rows} rows, got {figures}")
    ratios = [
        theirs["crawl"] / (mine["crawl"] + mine["load"])
        for mine, theirs in zip(results["ours"], results["plain"], strict=True)
    ]
    crawl_ratios = [
        theirs["crawl"] / mine["crawl"]
        for mine, theirs in zip(results["ours"], results["plain"], strict=True)
    ]
    print(f"plain / ours (crawl, land and load)  {_spread(ratios)}")
    print(f"plain / ours (crawl and land alone)  {_spread(crawl_ratios)}")


def peaks(capture: Path, sizes: Iterable[int]) -> None:
    """Peak memory of our crawl for several numbers of pages."""
    for rows in sizes:
        with serving(capture, rows) as endpoint:
            print(f"{rows:>9,} rows  {_told(_run('ours, crawl only', endpoint))}", flush=True)


def _told(figures: Figures) -> str:
    rows = figures["rows"]
    stages = [
        f"{name} {figures[name]:6.2f} s CPU ({figures[name] / rows * 1e6:5.1f} us a row)"
        for name in ("crawl", "load")
        if name in figures
    ]
    peak = f"peak {figures['crawl_mb']:.0f} MB when crawled, {figures['peak_mb']:.0f} MB in all"
    return "  ".join([*stages, peak])


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--capture", type=Path, help="a file made by benchmarks.generate")
    parser.add_argument(
        "--peaks", type=int, nargs="+", default=[], help="rows to compare memory at"
    )
    parser.add_argument("--way", choices=_WAYS, help=argparse.SUPPRESS)
    parser.add_argument("target", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        endpoint, home = given.target
        figures = _WAYS[given.way](endpoint, Path(home))
        print(json.dumps({**figures, "peak_mb": _peak_mb()}))
        return
    print(f"python {sys.version.split()[0]}  ", "  ".join(f"{n} {version(n)}" for n in _VERSIONS))
    with tempfile.TemporaryDirectory() as folder:
        most = max(given.rows, *given.peaks, 2000)
        capture = given.capture
        if capture is None:
            ((capture, _),) = generate(Path(folder), most * 51 // 50, 1, dt.date(2026, 1, 1))
        compare(capture, given.rows, given.rounds)
        peaks(capture, given.peaks)


if __name__ == "__main__":
    main()
