"""A piece of work in a process of its own: its time, its CPU, its memory.

Belongs here: running such a process and watching it, timing inside of it, how it tells its figures.
Does not belong here: what is measured (a module a stage), the table (see `benchmarks.table`).
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
Ways = Mapping[str, Callable[..., Figures]]

REPOSITORY = Path(__file__).resolve().parents[1]
_LOOK_EVERY = 0.1
_PAGE_MB = resource.getpagesize() / 2**20


class TookTooLong(Exception):
    """The process was stopped at its deadline."""


@dataclass(frozen=True)
class Measured:
    """One run of a process.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of CPU, user and system, of it and of the processes it waited for.
        peak_mb: Most memory (RSS, MB) that it and its children held together; NaN where the
            system does not tell.
        said: What it told of itself (see `tell`), empty where it told nothing.
    """

    wall: float
    cpu: float
    peak_mb: float
    said: Figures = field(default_factory=dict)

    @property
    def inner_wall(self) -> float:
        """Seconds of the work alone, without the start of the process."""
        return float(self.said.get("wall", self.wall))

    @property
    def inner_cpu(self) -> float:
        """Seconds of CPU of the work alone."""
        return float(self.said.get("cpu", self.cpu))


def run(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    deadline: float | None = None,
) -> Measured:
    """Run a command to its end and measure it.

    Raises:
        TookTooLong: It was not done after `deadline` seconds.
        RuntimeError: It failed; the text is the end of what it printed.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        # Nights that are timed are no runs of an instance that the caller has.
        held = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=REPOSITORY,
            env={**held, **(environment or {})},
            stdout=out,
            stderr=errors,
            # A name of its own for all that it starts, so that all of it can be stopped.
            start_new_session=True,
        )
        watch = _Watch(process.pid)
        timer = threading.Timer(deadline, _stop, [process.pid]) if deadline else None
        try:
            with watch:
                if timer:
                    timer.start()
                # Not `Popen.wait`: only this tells what the children used.
                _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            _stop(process.pid)
            raise
        finally:
            if timer:
                timer.cancel()
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if deadline and wall >= deadline:
            raise TookTooLong(f"not done after {deadline:.0f} s")
        out.seek(0)
        errors.seek(0)
        printed = out.read()
        if process.returncode:
            raise RuntimeError(
                f"{Path(command[0]).name} {str(command[1])[:40]} {str(command[2])[:40]} ended with "
                f"{process.returncode}: "
                f"{printed[-2000:]}{errors.read()[-4000:]}"
            )
    return Measured(wall, used.ru_utime + used.ru_stime, watch.peak_mb, _said(printed))


def child(
    module: str,
    way: str,
    *arguments: object,
    python: Path | str = sys.executable,
    deadline: float | None = None,
) -> Measured:
    """Run one way of a module of ours, which calls `tell`, in a fresh process.

    Raises:
        TookTooLong: It was not done after `deadline` seconds.
        RuntimeError: It failed.
    """
    return run(
        [python, "-m", f"benchmarks.{module}", way, *map(str, arguments)],
        environment={"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        deadline=deadline,
    )


def tell(ways: Ways) -> None:
    """What a child's module does when it is run: one of its ways, the figures printed as JSON."""
    way, *arguments = sys.argv[1:]
    print(json.dumps(ways[way](*arguments)))


@contextlib.contextmanager
def timed() -> Iterator[Figures]:
    """Fill in `wall` and `cpu`, seconds, of what is done inside, children included.

    Imports stay outside: a night pays for them once, however many models there are.
    """
    figures: Figures = {}
    wall, cpu = time.perf_counter(), _cpu()
    yield figures
    figures["wall"] = time.perf_counter() - wall
    figures["cpu"] = _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _said(printed: str) -> Figures:
    last = printed.rstrip().rpartition("\n")[2]
    return json.loads(last) if last.startswith("{") else {}


def _stop(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 9)


class _Watch:
    """Looks at a process and its children several times a second.

    A peak between two looks is told by the kernel, for each process alone: `ru_maxrss` would not
    do, since a process begins with that of the one it was started from.
    """

    def __init__(self, process: int) -> None:
        self.peak_mb = 0.0 if Path("/proc/self/statm").exists() else float("nan")
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            held = [_memory(one) for one in _family(self._process)]
            together = sum(now for now, _ in held)
            alone = max((most for _, most in held), default=0.0)
            self.peak_mb = max(self.peak_mb, together, alone)


def _family(process: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(folder.name))
    found = [process]
    for one in found:
        found.extend(children.get(one, []))
    return found


def _memory(process: int) -> tuple[float, float]:
    """MB that a process holds, and the most it held so far; nothing of one that has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        status = Path(f"/proc/{process}/status").read_text()
        return pages * _PAGE_MB, int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0, 0.0
