"""Starting the project's own commands as a user does, and stopping them."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.helpers import REPOSITORY


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "HUB_LEDGER_HOME": str(home), **(more or {})}


def run_command(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipelines``."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments],
        cwd=REPOSITORY,
        env=environment(home, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


def start_command(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start ``python -m pipelines`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *arguments],
        cwd=REPOSITORY,
        env=environment(home, more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Nobody reads while it runs: a run's log must not fill the pipe and stop it.
        pipesize=1 << 20,
        text=True,
        start_new_session=True,
        # A test runner in the background may ignore Ctrl-C; its children must not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def press_ctrl_c(process: subprocess.Popen[str], timeout: float = 60) -> str:
    """Ctrl-C, as a terminal sends it to the whole group; the output."""
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=timeout)
    return output


def group_is_gone(process: subprocess.Popen[str]) -> bool:
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False
