"""Environments of other people's tools, each made from its lock beside this file.

Belongs here: making and removing them. Does not belong here: what is asked of the tools.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

LOCKS = Path(__file__).parent
SWITCH = "HUB_LEDGER_TEST_CLIENTS"

only_if_wanted = pytest.mark.skipif(
    os.environ.get(SWITCH) != "1",
    reason=f"downloads several hundred MB of BI tools; set {SWITCH}=1",
)


@contextmanager
def python_environment(name: str, locks: Path = LOCKS) -> Iterator[Path]:
    """A virtual environment from `<name>.txt`; its folder of programs. Removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"client-{name}-") as folder:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        programs = Path(folder) / "bin"
        run(
            [
                sys.executable, "-m", "pip", "--python", str(programs / "python"), "install",
                "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps",
                "--require-hashes", "--requirement", str(locks / f"{name}.txt"),
            ],
            timeout=600,
        )  # fmt: skip
        yield programs


@contextmanager
def node_environment() -> Iterator[Path]:
    """A folder with the packages of `node/package-lock.json`. Removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="client-node-") as folder:
        shutil.copytree(LOCKS / "node", folder, dirs_exist_ok=True)
        run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, timeout=300)
        yield Path(folder)


def run(
    command: list[str],
    cwd: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> str:
    """What a program prints. Fails the test with its last words where it fails."""
    # The tools come from their own environment, without this project on their path.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{command[:4]}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout
