"""The service as its units start it: Postgres, code server, webserver, daemon, and what goes wrong.

The commands are those of the units under `deploy/systemd`; only places and the port are the test's.
"""

import contextlib
import datetime as dt
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
from pipelines.sample_hub.server import SampleHub, serving
from tests.e2e.processes import run_command
from tests.helpers import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
# Debian keeps each version's programs in a folder of its own, off the path.
_DEBIAN = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
_INITDB = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *_DEBIAN]))
POSTGRES = Path(_INITDB).resolve().parent if _INITDB else None

needs_postgres = pytest.mark.skipif(
    POSTGRES is None, reason="Postgres is not installed (apt-get install postgresql)"
)


def wait_for(attempt: Callable[[], Any], seconds: float, told: Callable[[], str] = str) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := attempt()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain\n{told()}"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a path short enough for sockets, which another user may pass through."""
    with tempfile.TemporaryDirectory(prefix="hl-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[str]:
    """The address of an empty database in a Postgres of the test's own."""
    assert POSTGRES is not None
    place = folder / "postgres"
    place.mkdir()
    # Postgres refuses to run as root; its package brings a user.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(place, user)
    data = str(place / "data")
    subprocess.run(
        [POSTGRES / "initdb", "-D", data, "--auth=trust", "--username=hub-ledger", "--no-sync"],
        user=user,
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [POSTGRES / "postgres", "-D", data, "-k", place, "-c", "listen_addresses=", "-F"],
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for((place / ".s.PGSQL.5432").exists, 60)
        yield f"postgresql+psycopg2:///postgres?host={place}&user=hub-ledger"
    finally:
        # Fast shutdown: open connections are ended.
        server.send_signal(signal.SIGINT)
        server.wait(60)


class Service:
    """What systemd makes of the units, without systemd."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.home, self.log = folder / "state", folder / "log"
        (self.home / "dagster").mkdir(parents=True)
        self._places = {
            "deploy/workspace.yaml": str(folder / "workspace.yaml"),
            "/opt/hub-ledger": str(REPOSITORY),
            "/var/lib/hub-ledger": str(self.home),
            "/run/hub-ledger": str(folder),
            "--port 3000": f"--port {port}",
        }
        (folder / "workspace.yaml").write_text(self._here((DEPLOY / "workspace.yaml").read_text()))
        told = dotenv_values(DEPLOY / "service.env", interpolate=False)
        self.settings = {
            **{name: self._here(value or "") for name, value in told.items()},
            **settings,
        }
        # Installed, the packages are found from anywhere; here they are those of this checkout.
        self._environment = {**os.environ, **self.settings, "PYTHONPATH": str(REPOSITORY)}
        self._units: dict[str, subprocess.Popen[bytes]] = {}

    def _here(self, text: str) -> str:
        for place, here in self._places.items():
            text = text.replace(place, here)
        return text

    def prepare(self, unit: str) -> None:
        """What a unit does before its start."""
        self._run(unit, "ExecStartPre")

    def _run(self, unit: str, kind: str) -> None:
        for command in self._commands(unit, kind):
            with self.log.open("ab") as log:
                subprocess.run(
                    command,
                    cwd=REPOSITORY,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    check=True,
                    timeout=300,
                )

    def start(self, unit: str) -> None:
        """Start a unit; back when it counts as started."""
        (command,) = self._commands(unit, "ExecStart")
        with self.log.open("ab") as log:
            self._units[unit] = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._run(unit, "ExecStartPost")

    def _commands(self, unit: str, kind: str) -> list[list[str]]:
        text = (DEPLOY / "systemd" / f"hub-ledger-{unit}.service").read_text()
        return [
            shlex.split(self._here(found)) for found in re.findall(rf"^{kind}=(.+)$", text, re.M)
        ]

    def kill(self, unit: str) -> None:
        """All processes of a unit at once, as when the machine goes down."""
        os.killpg(self._units[unit].pid, signal.SIGKILL)
        self._units.pop(unit).wait()

    def stop(self) -> None:
        for process in self._units.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._units.values():
            process.wait(60)

    def ask(self, query: str, **variables: Any) -> Any:
        """An answer of the webserver's GraphQL."""
        request = urllib.request.Request(
            f"{self.address}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def location_is_loaded(self) -> bool:
        try:
            found = self.ask(
                "{workspaceOrError{... on Workspace{locationEntries{"
                "locationOrLoadError{__typename}}}}}"
            )
        except OSError:
            return False
        entries = found["workspaceOrError"]["locationEntries"]
        return [one["locationOrLoadError"] for one in entries] == [
            {"__typename": "RepositoryLocation"}
        ]

    def runs(self) -> list[dict[str, Any]]:
        """All nightly runs, oldest first, with their tags."""
        found = self.ask(
            '{runsOrError(filter:{pipelineName:"nightly"}){... on Runs{results{'
            "runId status parentRunId tags{key value}}}}}"
        )["runsOrError"]["results"]
        return [
            {**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}}
            for run in reversed(found)
        ]

    def run(self, run_id: str) -> dict[str, Any]:
        (run,) = (run for run in self.runs() if run["runId"] == run_id)
        return run

    def launch(self, date: dt.date) -> str:
        """A nightly of a date, as the UI asks for it; the run's id."""
        selector = {
            "repositoryName": "__repository__",
            "repositoryLocationName": "hub_ledger",
            "jobName": "nightly",
        }
        tags = [{"key": "dagster/partition", "value": str(date)}]
        launched = self.ask(
            "mutation($params: ExecutionParams!){launchRun(executionParams:$params){__typename "
            "... on LaunchRunSuccess{run{runId}} ... on PythonError{message}}}",
            params={"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}},
        )["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def events(self, run_id: str) -> list[dict[str, str]]:
        found = self.ask(
            "query($run: ID!){logsForRun(runId:$run){... on EventConnection{events{__typename "
            "... on MessageEvent{message stepKey}}}}}",
            run=run_id,
        )
        return list(found["logsForRun"]["events"])

    def dbt(self) -> int | None:
        """The process of dbt, once it has the warehouse open."""
        noted = (self.home / "warehouse.lock").read_text()
        # A file may be closed, and the process gone, while this looks.
        with contextlib.suppress(FileNotFoundError):
            held = {one.readlink() for one in Path(f"/proc/{int(noted or 0)}/fd").iterdir()}
            if self.home / "warehouse.duckdb" in held:
                return int(noted)
        return None

    def worker(self, run_id: str) -> int:
        """The process in which the steps of a run are executed."""
        told = "\n".join(event.get("message", "") for event in self.events(run_id))
        found = re.search(r"Executing steps in process \(pid: (\d+)\)", told)
        assert found, told
        return int(found[1])

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    def see_it_started_anew(self, run_id: str) -> None:
        """A run that was killed is seen to have failed, and its one successor succeeds."""

        def succeeded() -> bool:
            after = [run for run in self.runs() if run["parentRunId"] == run_id]
            assert len(after) < 2
            ended = {"SUCCESS", "FAILURE", "CANCELED"}
            if not after or after[0]["status"] not in ended:
                return False
            assert after[0]["status"] == "SUCCESS", self.last_words()
            return True

        wait_for(succeeded, 300, self.last_words)
        assert self.run(run_id)["status"] == "FAILURE"


@pytest.fixture(scope="module")
def service(folder: Path, database: str, today: dt.date) -> Iterator[Service]:
    """The service as its first start leaves it, beside a sample Hub; each minute is 15:10."""
    items = Catalogue(models=100).items(today)
    with serving(SampleHub(items, SAMPLE)) as endpoint:
        service = Service(
            folder,
            DAGSTER_POSTGRES_URL=database,
            HF_ENDPOINT=endpoint,
            # Of the two schedules the one that leaves a day alone that is done or under way.
            HUB_LEDGER_RETRY_CRON="* * * * *",
            HUB_LEDGER_SCHEDULE_CRON="0 0 29 2 *",
        )
        try:
            service.prepare("code")
            # Two minutes between two looks at the runs are too long for a test.
            written = service.home / "dagster" / "dagster.yaml"
            watched = written.read_text().replace(
                "run_monitoring:\n", "run_monitoring:\n  poll_interval_seconds: 2\n"
            )
            assert "poll_interval" in watched
            written.write_text(watched)
            for unit in ("code", "webserver", "daemon"):
                service.start(unit)
            yield service
        finally:
            service.stop()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed (apt-get install systemd)",
)
def test_the_units_are_accepted(tmp_path: Path) -> None:
    units = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", units)
    for unit in units.rglob("*.*"):
        if unit.is_file():
            unit.write_text(unit.read_text().replace("/opt/hub-ledger", str(REPOSITORY)))
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            *(one for one in units.iterdir() if one.is_file()),
        ],
        # The folder first, then the system's own.
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    # Of an unknown setting it warns, and succeeds.
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
@needs_postgres
def test_the_schedule_records_and_publishes_tonight(service: Service, today: dt.date) -> None:
    def first() -> dict[str, Any] | None:
        if not service.location_is_loaded():
            return None
        runs = service.runs()
        assert len(runs) < 2, f"{runs}\n{service.last_words()}"
        return runs[0] if runs and runs[0]["status"] in ("SUCCESS", "FAILURE") else None

    run = wait_for(first, 300, service.last_words)
    assert run["status"] == "SUCCESS", service.last_words()
    assert run["tags"]["dagster/schedule_name"] == "nightly_again"
    assert run["tags"]["dagster/partition"] == str(today)
    manifest = json.loads((service.home / "published" / "manifest.json").read_text())
    assert str(today) in json.dumps(manifest)
    assert (service.home / "published" / "hub_ledger.duckdb").is_file()


@pytest.mark.long
@needs_postgres
def test_a_run_whose_process_is_killed_is_started_anew(service: Service, today: dt.date) -> None:
    run_id = service.launch(today)
    dbt = wait_for(service.dbt, 120, service.last_words)
    # The child is left behind with the warehouse open; a night of the whole Hub keeps it for long.
    os.kill(dbt, signal.SIGSTOP)
    os.kill(service.worker(run_id), signal.SIGKILL)
    service.see_it_started_anew(run_id)


@pytest.mark.long
@needs_postgres
def test_a_run_that_ended_with_its_code_server_is_started_anew(
    service: Service, today: dt.date
) -> None:
    run_id = service.launch(today)
    wait_for(lambda: service.run(run_id)["status"] == "STARTED", 120, service.last_words)
    service.kill("code")
    service.start("code")
    service.see_it_started_anew(run_id)


@pytest.mark.long
@needs_postgres
def test_a_command_on_the_box_is_recorded_in_the_same_place(service: Service) -> None:
    before = {run["runId"] for run in service.runs()}
    done = run_command(service.home, "nightly", **service.settings)
    assert done.returncode == 0, done.stderr
    (run,) = (run for run in service.runs() if run["runId"] not in before)
    assert run["status"] == "SUCCESS"
    # Its process by number, boot and start: a number alone is given again.
    assert len(run["tags"]["hub_ledger/process"].split()) == 3
    # Nights before it left what dbt parsed.
    said = (service.home / "dagster" / "terminal.log").read_text()
    assert "Running with dbt" in said
    assert "Unable to do partial parsing" not in said
    # None of it lies beside the database: a SQLite file would be a second, unseen history.
    assert not list((service.home / "dagster").rglob("*.db"))


def test_before_the_first_start_a_command_is_refused(tmp_path: Path) -> None:
    """Dagster would record it in files beside the database that the service looks at."""
    done = run_command(tmp_path, "nightly", DAGSTER_HOME=str(tmp_path / "dagster"))
    assert done.returncode == 2
    assert "start the service first" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "captures").exists()
