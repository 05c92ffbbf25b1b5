"""`make bench`: every stage beside its peers and floors, as one Markdown table.

Belongs here: the command, the order of stages, the table's head and foot. Does not belong here:
what a stage measures (a module each).
"""

import argparse
import signal
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from assets.ledger.warehouse import memory_limit
from benchmarks import (
    crawl,
    facts,
    history,
    lineage,
    load,
    night,
    publication,
    published,
    storage,
)
from benchmarks.measure import REPOSITORY, run
from benchmarks.population import NOMINAL_MODELS
from benchmarks.site import Site
from benchmarks.table import Row, machine, markdown, versions

STAGES = {
    "crawl": crawl.rows,
    "load": load.rows,
    "night": night.rows,
    "rebuild": night.rebuilt,
    "facts": facts.rows,
    "lineage": lineage.rows,
    "publication": publication.rows,
    "questions": published.rows,
    "storage": storage.rows,
    "age": history.rows,
}
_OURS = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "huggingface-hub", "polars", "msgspec")
_PEERS = ("dlt", "pandas", "igraph", "networkx", "duckdb", "dbt-core", "dbt-duckdb", "pyarrow")
_BEGIN, _END = "<!-- bench: begin -->\n", "<!-- bench: end -->"


def report(site: Site, stages: list[str]) -> str:
    """Measure, and tell it in Markdown."""
    theirs = versions(_peer_versions(site.peers))
    rows: list[Row] = []
    began = time.monotonic()
    for stage in stages:
        try:
            measured = STAGES[stage](site)
        except (OSError, RuntimeError) as failed:
            # The others' figures are worth having.
            site.expect(f"stage {stage}", False, str(failed))
            measured = []
        rows += measured
        print(f"{time.monotonic() - began:.0f} s: {stage}", file=sys.stderr)
        print(markdown(measured), *site.disagreements, sep="\n", file=sys.stderr, flush=True)
    amiss = "\n".join(f"- {one}" for one in site.disagreements)
    return "\n".join(
        [
            f"{site.models:,} models on {machine()}; {memory_limit()} of memory for our DuckDB.",
            "",
            markdown(rows),
            "",
            f"Ours: {versions({name: version(name) for name in _OURS})}.",
            "",
            f"Theirs: {theirs}.",
            "",
            f"Failed, or differs and should not:\n\n{amiss}"
            if amiss
            else f"All {site.checked} checks of what the sides made of the same input passed.",
        ]
    )


def write(path: Path, text: str) -> None:
    """Write the report into a file: between its marks where it has them, or else as a whole."""
    if _marked(path):
        before, rest = path.read_text().split(_BEGIN)
        path.write_text(f"{before}{_BEGIN}\n{text}\n\n{_END}{rest.split(_END)[1]}")
    else:
        path.write_text(f"{text}\n")


def _marked(path: Path) -> bool:
    return path.exists() and _BEGIN in path.read_text()


def _peer_versions(python: Path) -> dict[str, str]:
    code = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    return run([python, "-c", code, *_PEERS]).said


def main() -> int:
    """The command: 0 where all figures agree that have to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", type=int, default=NOMINAL_MODELS)
    parser.add_argument("--rounds", type=int, default=3, help="of what is cheap")
    parser.add_argument("--ages", type=int, nargs=2, default=(30, 1000), help="dates before")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--peers", type=Path, default=REPOSITORY / ".venv-peers" / "bin" / "python")
    parser.add_argument("--out", type=Path, help="a file for the table, docs/performance.md say")
    given = parser.parse_args()
    if len(given.stages) < len(STAGES) and given.out and _marked(given.out):
        parser.error(f"{given.out} holds a table of all stages: name another file")
    # What was started, and gigabytes of homes, are not left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with tempfile.TemporaryDirectory(prefix="hub-ledger-bench-") as folder:
        site = Site(Path(folder), given.models, given.rounds, tuple(given.ages), given.peers)
        text = report(site, given.stages)
    print(text)
    if given.out:
        write(given.out, text)
    return 1 if site.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
