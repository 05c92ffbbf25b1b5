"""Where the dbt project is, and its manifest.

Belongs here: paths, parsing when the project changed, what the manifest says of tables. Does not
belong here: Dagster's assets.
"""

import fcntl
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from assets.errors import LedgerError
from assets.ledger.warehouse import MEMORY_VARIABLE, WAREHOUSE_NAME, memory_limit

PROJECT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")
_SOURCES = ("**/*.sql", "**/*.yml", "**/*.csv", "**/*.md", "**/*.py")


def dbt_environment(home: Path) -> dict[str, str]:
    """What dbt has to be told through the environment to work on a home."""
    return {
        "HUB_LEDGER_WAREHOUSE": str(home / WAREHOUSE_NAME),
        MEMORY_VARIABLE: memory_limit(),
        "DBT_LOG_PATH": str(home / "dbt" / "logs"),
        # Dagster keeps what it says; a log of its own is a tenth of a build over a small Hub.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def manifest_path() -> Path:
    """The project's manifest, parsed again if any file of the project, or dbt, is another one.

    Raises:
        LedgerError: dbt does not accept the project.
    """
    target = PROJECT_DIR / "target"
    manifest = target / "manifest.json"
    target.mkdir(exist_ok=True)
    # The UI's code servers start together; one of them parses.
    with (target / ".parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parsed, files = target / "manifest.of", _files()
        if not manifest.exists() or not parsed.exists() or parsed.read_text() != files:
            # dbt writes where it is read; a kill in between would leave half of it for good.
            _parse(target / "parsing")
            for name in ("semantic_manifest.json", "manifest.json"):
                (target / "parsing" / name).replace(target / name)
            parsed.write_text(files)
    return manifest


def descriptions(schema: str) -> dict[str, dict[str | None, str]]:
    """What the project says of each model of a schema (None) and of its columns, by name.

    Raises:
        LedgerError: dbt does not accept the project.
    """
    nodes = json.loads(manifest_path().read_text())["nodes"].values()
    return {
        node["name"]: {
            None: node["description"],
            **{name: column["description"] for name, column in node["columns"].items()},
        }
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == schema
    }


def _files() -> str:
    """What a manifest is made of: dbt, and the project's files with their sizes and times."""
    found = {
        path.relative_to(PROJECT_DIR): path.stat()
        for pattern in _SOURCES
        for path in PROJECT_DIR.glob(pattern)
    }
    return "".join(
        f"{path} {file.st_size} {file.st_mtime_ns}\n"
        for path, file in sorted(found.items())
        if "target" not in path.parts
    ) + "".join(f"{name} {version(name)}\n" for name in ("dbt-core", "dbt-duckdb"))


def _parse(target: Path) -> None:
    command = [str(DBT), "--quiet", "--no-use-colors", "parse", "--no-partial-parse"]
    command += ["--target-path", str(target)]
    environment = {**os.environ, "DBT_LOG_PATH": str(target)}
    done = subprocess.run(
        [*command, "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LedgerError(f"dbt does not accept {PROJECT_DIR}: {done.stdout[-2000:].strip()}")
