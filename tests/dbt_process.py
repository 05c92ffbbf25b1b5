"""dbt in a process that stays: started and parsed once, run on one home after another.

Belongs here: running dbt for tests without its four seconds of starting up. Does not belong here:
what is run (see `tests.helpers`). A process of its own, since dbt's settings are the environment's
and its connection to a warehouse is the process's.
"""

import atexit
import functools
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from assets.facts.project import PROJECT_DIR, dbt_environment

_PLACES = ("--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR))


def run(home: Path, *arguments: str) -> tuple[bool, str]:
    """Run dbt on a home: whether it succeeded, and its output."""
    process = _process()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps([str(home), *arguments]) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    return answer == "done\n", (home / "dbt" / "output.txt").read_text()


@functools.cache
def _process() -> subprocess.Popen[str]:
    """The process, one a test worker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dbt_process"],
        cwd=PROJECT_DIR.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def _serve() -> None:
    # Imported where it is run: it takes seconds, and it changes settings of warnings and logs.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    manifest: Any = None
    connections: Any = DuckDBConnectionManager
    for line in sys.stdin:
        home, *arguments = json.loads(line)
        os.environ.update(dbt_environment(Path(home)))
        os.environ["DBT_TARGET_PATH"] = f"{home}/target"
        output = Path(home) / "dbt" / "output.txt"
        output.parent.mkdir(exist_ok=True)
        with output.open("w") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            if manifest is None:
                manifest = dbtRunner().invoke(["--quiet", "parse", *_PLACES]).result
                # It stays, and to look through its many parts for garbage is a tenth of a run.
                gc.disable()
                gc.collect()
                gc.freeze()
            # Nobody reads what dbt would write of each run, a tenth of its time.
            flags = ["--no-use-colors", "--no-write-json"]
            result = dbtRunner(manifest=manifest).invoke([*flags, *arguments, *_PLACES])
            sys.stdout.flush()
        # It would keep the warehouse for itself.
        connections.close_all_connections()
        gc.collect()
        answers.write("done\n" if result.success else "failed\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
